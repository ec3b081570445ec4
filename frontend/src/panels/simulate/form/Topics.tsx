import { lazy, Suspense } from "react";

import type { Settings } from "../../../api/types";
import { exact } from "../../../lib/format";
import { sentence } from "../../../lib/simulation/words";
import {
  directionsOf, ENTRIES, FIRES, IN_FORCE, NUMBERS, sizeField, SIZINGS, THRESHOLDS, thresholdsOf,
} from "../../../lib/simulation/fields";
import { SEVERITY, tierStyle } from "../../../lib/tiers";
import { control, fieldId, type FormProps, label, NumberInput, Topic, WordChoice, wrongOf } from "./parts";

// It brings the reader of conditions along.
const RuleField = lazy(() => import("./RuleField"));

const TIERS = [...SEVERITY].sort((a, b) => a - b);
const pair = "grid grid-cols-2 gap-2";

function Thresholds({ inForce, ...props }: FormProps & { inForce: Settings["thresholds"] | undefined }) {
  const { form } = props;
  const names = thresholdsOf(form.entry, form.tier, form.fire);
  if (names.length === 0) return null;
  const wrong = names.some((name) => wrongOf(props, `thresholds.${name}`) !== null);
  const typed = names.filter((name) => (form.numbers[`thresholds.${name}`] ?? "").trim() !== "");
  return (
    <details open={wrong || undefined}>
      <summary className="cursor-pointer text-micro text-accent">
        Thresholds ({typed.length === 0 ? "those in force" : `${typed.length} of your own`})
      </summary>
      <div className={`${pair} pt-2`}>
        {names.map((name) => (
          <NumberInput key={name} {...props} field={THRESHOLDS[name]} placeholder={inForce ? exact(inForce[IN_FORCE[name]]) : ""} />
        ))}
      </div>
    </details>
  );
}

/** What opens a trade. */
export function Opens({ inForce, ...props }: FormProps & { inForce: Settings["thresholds"] | undefined }) {
  const { form, refusal, onChange } = props;
  const shared = (name: "fire" | "tier") => ({ name, wrong: wrongOf(props, name), refused: refusal?.field === name });
  return (
    <Topic title="What opens a trade">
      <WordChoice {...shared("tier")} text="On" words={ENTRIES} value={form.entry} onChoose={(entry) => onChange({ entry })} />
      {form.entry === "tier" && (
        <div>
          <label className={label}>
            Tier
            <select id={`${fieldId("tier")}-number`} className={control} value={form.tier} onChange={(event) => onChange({ tier: Number(event.target.value) })}>
              {TIERS.map((tier) => (
                <option key={tier} value={tier}>
                  T{tier} {tierStyle(tier).name}
                </option>
              ))}
            </select>
          </label>
          <p className="mt-1 text-micro leading-4 text-ink-faint">{sentence(tierStyle(form.tier).short)}</p>
        </div>
      )}
      {form.entry === "rule" && (
        <Suspense fallback={<p role="status" className="text-micro text-ink-soft">Loading…</p>}>
          <RuleField {...props} />
        </Suspense>
      )}
      {form.entry !== "obv-rsi" && <WordChoice {...shared("fire")} text="When" words={FIRES} value={form.fire} onChoose={(fire) => onChange({ fire })} />}
      <Thresholds {...props} inForce={inForce} />
    </Topic>
  );
}

/** Which way, and how it closes. */
export function Trades(props: FormProps) {
  const { form, refusal, onChange } = props;
  const follows = form.direction === "momentum" || form.direction === "fade";
  return (
    <>
      <Topic title="Which way">
        <WordChoice
          name="direction" text="Direction" words={directionsOf(form.entry)} value={form.direction}
          wrong={wrongOf(props, "direction")} refused={refusal?.field === "direction"} onChoose={(direction) => onChange({ direction })}
        />
        {follows && <NumberInput {...props} field={NUMBERS.momentum_bars} />}
      </Topic>
      <Topic title="How it closes">
        <div className={pair}>
          <NumberInput {...props} field={NUMBERS.hold} />
          <NumberInput {...props} field={NUMBERS.take_profit} />
          <NumberInput {...props} field={NUMBERS.stop_loss} />
          <NumberInput {...props} field={NUMBERS.trailing_stop} />
        </div>
        <p className="text-micro leading-4 text-ink-faint">
          Whatever comes first. Where one bar touches both levels, the stop counts.
        </p>
      </Topic>
    </>
  );
}

/** What a trade costs. */
export function Costs(props: FormProps) {
  const { form, onChange } = props;
  return (
    <Topic title="What it costs">
      <div className={pair}>
        <NumberInput {...props} field={NUMBERS.fee} />
        <NumberInput {...props} field={NUMBERS.slippage} />
        <NumberInput {...props} field={NUMBERS.late} />
      </div>
      <Tick text="Pay and receive funding" checked={form.funding} onTick={(funding) => onChange({ funding })} />
    </Topic>
  );
}

function Tick({ text, checked, onTick }: { text: string; checked: boolean; onTick: (checked: boolean) => void }) {
  return (
    <label className="flex items-center gap-2 text-xs text-ink">
      <input type="checkbox" className="h-4 w-4 accent-[rgb(var(--accent))]" checked={checked} onChange={(event) => onTick(event.target.checked)} />
      {text}
    </label>
  );
}

/** What is at stake. */
export function Money(props: FormProps) {
  const { form, refusal, onChange } = props;
  return (
    <Topic title="The account">
      <WordChoice
        name="sizing" text="Size of a trade" words={SIZINGS} value={form.sizing}
        wrong={wrongOf(props, "sizing")} refused={refusal?.field === "sizing"} onChoose={(sizing) => onChange({ sizing })}
      />
      <div className={pair}>
        <NumberInput {...props} field={NUMBERS.capital} />
        {form.sizing !== "equal" && <NumberInput {...props} field={sizeField(form.sizing)} />}
        <NumberInput {...props} field={NUMBERS.max_positions} placeholder="any number" />
        {form.cash_limit && <NumberInput {...props} field={NUMBERS.leverage} />}
      </div>
      <Tick text="Only what the cash pays for" checked={form.cash_limit} onTick={(cash_limit) => onChange({ cash_limit })} />
    </Topic>
  );
}
