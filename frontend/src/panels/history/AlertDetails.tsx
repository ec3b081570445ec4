import { type ReactNode, useEffect, useRef } from "react";

import { fetchAlert, fetchOutcomes } from "../../api/alerts";
import type { Alert, AlertWithEvidence, Catalog } from "../../api/types";
import { useAnswer } from "../../hooks/useAnswer";
import { useNow } from "../../hooks/useNow";
import { directionSign, placeOf, sentenceOf } from "../../lib/alertWords";
import { counterfactual } from "../../lib/counterfactual";
import { atAlert, hrefAt } from "../../lib/playback/link";
import { alertStyle, alertTag } from "../../lib/tiers";
import { changeUrl } from "../../lib/url";
import { Icon } from "../../ui/Icon";
import { Time } from "../../ui/Time";
import { EvidenceCard } from "./EvidenceCard";
import { Inputs } from "./Inputs";
import { Outcomes } from "./Outcomes";

interface Props {
  id: string;
  catalog: Catalog | null;
  onChart: (alert: Alert) => void;
  onClose: () => void;
}

/** Evidence and outcomes grow as bars close. */
const REFRESH_MS = 60_000;

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-t border-line px-4 py-3">
      <h3 className="mb-2 text-xs font-semibold text-ink-strong">{title}</h3>
      {children}
    </section>
  );
}

function Calibration({ alert }: { alert: AlertWithEvidence }) {
  const { calibration } = alert;
  if (!calibration) return null;
  const { budget, statistic, threshold, p_value: p, discovery } = calibration;
  return (
    <p className="mt-2 text-xs leading-5 text-ink">
      Calibrated for the day to {budget} alerts: the pair&apos;s own threshold
      {statistic !== null && threshold !== null && ` of ${statistic} was ${threshold.toPrecision(4)}`}
      {p !== null && `; p = ${p.toPrecision(2)}`}. {discovery ? "A discovery: chance does not explain it." : "No discovery: chance may explain it."}
    </p>
  );
}

function Story({ alert }: { alert: AlertWithEvidence }) {
  const without = counterfactual(alert);
  return (
    <>
      <p className="text-[0.8125rem] leading-5 text-ink-strong">{sentenceOf(alert)}</p>
      {without !== null && <p className="mt-1.5 text-xs leading-5 text-ink" data-counterfactual="">{without}</p>}
      <p className="mt-1 text-micro leading-4 text-ink-faint">
        An alert also needs that its condition did not hold one bar before, and a rest of {alert.thresholds.cooldown} bars since the last of its kind
        {alert.tier === 6 ? " (clusters: the first alone)" : ""}.
      </p>
      <Calibration alert={alert} />
    </>
  );
}

function Loaded({ alert, catalog, onChart }: { alert: AlertWithEvidence; catalog: Catalog | null; onChart: (alert: Alert) => void }) {
  const minute = Math.floor(useNow() / REFRESH_MS);
  const id = String(alert.id);
  const outcomes = useAnswer(`${id}|${minute}`, (signal) => fetchOutcomes(id, signal));
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <section aria-label="What happened" className="px-4 pb-3">
        <Story alert={alert} />
        <p className="mt-2 flex flex-wrap gap-2">
        <button type="button" onClick={() => onChart(alert)} className="flex items-center gap-1.5 rounded-md border border-edge px-2.5 py-1.5 text-xs text-ink-strong hover:bg-raised">
          <Icon name="chart" className="h-3.5 w-3.5" />
          Chart at this bar
        </button>
        <a
          href={hrefAt(alert)}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            changeUrl(atAlert(alert), true);
          }}
          className="flex items-center gap-1.5 rounded-md border border-edge px-2.5 py-1.5 text-xs text-ink-strong hover:bg-raised"
        >
          <Icon name="replay" className="h-3.5 w-3.5" />
          Replay from this bar
        </a>
        </p>
      </section>
      <Section title="What such alerts were worth">
        <EvidenceCard cells={alert.evidence} />
      </Section>
      <Section title="What became of this one">
        <Outcomes alert={alert} outcomes={outcomes.data} error={outcomes.error} />
      </Section>
      <Section title="What it was made from">
        <Inputs alert={alert} catalog={catalog} />
      </Section>
    </div>
  );
}

/** One stored alert: why it fired, what its kind was worth, what became of it. */
export function AlertDetails({ id, catalog, onChart, onClose }: Props) {
  const minute = Math.floor(useNow() / REFRESH_MS);
  const { data: alert, error } = useAnswer(`${id}|${minute}`, (signal) => fetchAlert(id, signal));
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section
      aria-label="Alert"
      className="flex min-h-0 min-w-0 flex-col overflow-hidden bg-panel max-lg:flex-1 md:rounded-lg md:border md:border-line lg:w-[600px] lg:shrink-0"
    >
      <header className="flex shrink-0 items-start gap-2 px-4 pb-2 pt-3">
        <h2 ref={heading} tabIndex={-1} className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2 text-sm font-semibold text-ink-strong focus-visible:outline-none">
          {alert ? (
            <>
              {alert.base}
              <span className={`text-xs ${alertStyle(alert).text}`}>
                {alertTag(alert)} {alert.rule ? alert.rule.name : alertStyle(alert).name}
              </span>
              <span className="text-micro font-normal text-ink-soft">
                {placeOf(alert)} · bar of <Time ts={alert.ts} /> {alert.direction !== null && `· ${directionSign(alert.direction)} ${alert.direction}`}
              </span>
            </>
          ) : (
            `Alert ${id}`
          )}
        </h2>
        <button type="button" aria-label="Close the alert" onClick={onClose} className="rounded p-1.5 text-ink-soft hover:bg-raised hover:text-ink-strong">
          <Icon name="close" className="h-3 w-3" />
        </button>
      </header>
      {error !== null && <p role="alert" className="px-4 pb-3 text-xs text-down">This alert could not be read: {error}</p>}
      {alert ? <Loaded alert={alert} catalog={catalog} onChart={onChart} /> : error === null && <p role="status" className="px-4 pb-4 text-xs text-ink-soft">Reading the alert…</p>}
    </section>
  );
}
