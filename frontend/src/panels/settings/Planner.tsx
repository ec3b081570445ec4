import { useState } from "react";

import { fetchPlan } from "../../api/alerts";
import type { Planner as Plan } from "../../api/types";
import { type Asked, useAnswer } from "../../hooks/useAnswer";
import { domainOf } from "../../lib/evidence";
import { decimals, exact, whole } from "../../lib/format";
import { numberOf, plain, type ThresholdField } from "../../lib/thresholds";
import { tierStyle } from "../../lib/tiers";
import { EvidenceRow } from "../../ui/EvidenceRow";
import { Fault, input } from "../../ui/forms";

interface Props {
  field: ThresholdField;
  inForce: number;
  draft: string | undefined;
  timeframes: readonly string[];
  tf: string;
  onDraft: (text: string) => void;
}

const PAUSE_MS = 300;
const DAYS = [1, 3, 7, 14];

const perDay = (plan: Plan) => (plan.alerts_per_day === null ? "not known" : decimals(plan.alerts_per_day, plan.alerts_per_day < 10 ? 1 : 0));

function Worth({ plan }: { plan: Plan }) {
  const domain = domainOf(plan.worth);
  return (
    <div className="flex gap-5 max-md:flex-col">
      {(["long", "short"] as const).map((direction) => (
        <div key={direction} className="min-w-0 flex-1">
          <h4 className="flex justify-between text-micro font-semibold text-ink">
            {direction === "long" ? "▲ Long" : "▼ Short"}
            <span className="font-normal text-ink-faint">
              {whole(domain[0] * 100)} – {whole(domain[1] * 100)} % won
            </span>
          </h4>
          <ul>
            {plan.worth
              .filter((cell) => cell.direction === direction)
              .map((cell) => (
                <EvidenceRow key={cell.horizon} cell={cell} domain={domain} />
              ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

function Answer({ tried, now }: { tried: Asked<Plan>; now: Asked<Plan> }) {
  const { data: plan, error, loading } = tried;
  if (error !== null) return <Fault>This cannot be planned: {error}</Fault>;
  if (!plan) return <p role="status" className="text-xs text-ink-soft">Replaying the stored bars… the first time takes some seconds.</p>;
  if (plan.series === 0) return <p role="status" className="text-xs text-ink-soft">No stored bar knows this tier yet: there is nothing to plan with.</p>;
  return (
    <div aria-busy={loading} className={loading ? "opacity-60" : ""}>
      <p role="status" className="mb-1 text-xs text-ink" data-planned={plan.alerts_per_day ?? ""}>
        At {exact(plan.threshold)}: <strong className="text-ink-strong">{perDay(plan)} alerts a day</strong> ({whole(plan.alerts)} over {decimals(plan.days_known, 1)} days of{" "}
        {whole(plan.series)} pairs).
        {now.data && now.data.threshold !== plan.threshold && ` In force now, at ${exact(now.data.threshold)}: ${perDay(now.data)} a day.`}
      </p>
      <p className="mb-2 text-micro leading-4 text-ink-faint">
        What they were worth as trades. A threshold picked because its past looks good is a choice among many: judge it by what comes after.
      </p>
      {plan.worth.length === 0 ? <p className="text-xs text-ink-soft">No alert, so nothing to judge.</p> : <Worth plan={plan} />}
    </div>
  );
}

/** What a threshold would have started on the stored history, and what that was worth, while it is moved. */
export function Planner({ field, inForce, draft, timeframes, tf, onDraft }: Props) {
  const [days, setDays] = useState(7);
  const [chosen, setChosen] = useState(tf);
  const [tier, setTier] = useState(field.tiers[0] ?? 1);
  const value = draft === undefined ? inForce : numberOf(draft);
  const [low, high, step] = field.range;
  const frame = timeframes.includes(chosen) ? chosen : (timeframes[0] ?? "");
  const ask = (threshold: number) => (signal: AbortSignal) => fetchPlan(tier, plain(threshold), days, frame, signal);
  const keyOf = (threshold: number) => `${tier}|${threshold}|${days}|${frame}`;
  const tried = useAnswer(value === null ? null : keyOf(value), ask(value ?? inForce), PAUSE_MS);
  const now = useAnswer(keyOf(inForce), ask(inForce), PAUSE_MS);
  return (
    <div className="mb-3 rounded-md border border-line bg-page p-3" role="group" aria-label={`Plan ${field.label}`}>
      <div className="mb-3 flex flex-wrap items-center gap-3 text-micro text-ink-soft">
        <label className="flex min-w-[14rem] flex-1 items-center gap-2">
          <span className="whitespace-nowrap">
            {field.label} above <span className="inline-block w-12 text-right text-xs font-semibold text-ink-strong">{value === null ? "?" : exact(value)}</span>
          </span>
          <input
            type="range"
            className="h-5 min-w-0 flex-1 accent-[rgb(var(--accent))]"
            min={low}
            max={high}
            step={step}
            value={value ?? inForce}
            onChange={(event) => onDraft(event.target.value)}
          />
        </label>
        {field.tiers.length > 1 && (
          <label className="flex items-center gap-1.5">
            Tier
            <select className={input} value={tier} onChange={(event) => setTier(Number(event.target.value))}>
              {field.tiers.map((one) => (
                <option key={one} value={one}>
                  T{one} {tierStyle(one).name}
                </option>
              ))}
            </select>
          </label>
        )}
        <label className="flex items-center gap-1.5">
          Days
          <select className={input} value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {DAYS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label className="flex items-center gap-1.5">
          Bars of
          <select className={input} value={frame} onChange={(event) => setChosen(event.target.value)}>
            {timeframes.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <Answer tried={tried} now={now} />
    </div>
  );
}
