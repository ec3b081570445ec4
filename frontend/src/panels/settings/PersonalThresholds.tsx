import { useState } from "react";

import { useChoice } from "../../hooks/useChoice";
import { type Thresholds, thresholdsOf } from "../../lib/filter";
import { exact } from "../../lib/format";
import { PERSONAL, type Personal } from "../../lib/personal";
import { numberOf, THRESHOLD_FIELDS } from "../../lib/thresholds";
import { Block, button, Fault, input } from "../../ui/forms";

interface FieldProps {
  name: keyof Thresholds;
  label: string;
  unit: string;
  own: number | undefined;
  server: number;
  onChange: (value: number | null) => void;
}

function Field({ name, label, unit, own, server, onChange }: FieldProps) {
  const [text, setText] = useState(own === undefined ? "" : String(own));
  const wrong = text.trim() !== "" && numberOf(text) === null;
  const id = `own-${name}`;
  return (
    <div>
      <label htmlFor={id} className="block text-micro text-ink-faint">
        {label}
        {unit !== "" && `, ${unit}`}
      </label>
      <input
        id={id}
        className={`${input} w-28`}
        inputMode="decimal"
        autoComplete="off"
        value={text}
        placeholder={exact(server)}
        aria-invalid={wrong}
        onChange={(event) => {
          setText(event.target.value);
          const value = numberOf(event.target.value);
          if (value !== null || event.target.value.trim() === "") onChange(value);
        }}
      />
      {wrong && <Fault>a number</Fault>}
    </div>
  );
}

/** The reader's own limits of highlights and filters: this browser, at once, no alert. */
export function PersonalThresholds({ thresholds, limits }: { thresholds: Record<string, number> | undefined; limits: Thresholds }) {
  const [own, setOwn] = useChoice(PERSONAL);
  const [round, setRound] = useState(0);
  const server = thresholdsOf(thresholds);
  const set = (name: keyof Thresholds, value: number | null) =>
    setOwn((before): Personal => {
      const rest = Object.fromEntries(Object.entries(before).filter(([other]) => other !== name));
      return value === null ? rest : { ...rest, [name]: value };
    });
  const reset = () => {
    setOwn({});
    setRound(round + 1);
  };
  const changed = Object.keys(own).length;
  return (
    <Block
      title="Yours, in this browser"
      about="They colour and filter this page at once. They never change an alert: alerts are judged by the server's thresholds below. An empty field takes the server's."
    >
      <div key={round} className="flex flex-wrap items-start gap-3">
        {THRESHOLD_FIELDS.map(({ personal, label, unit }) =>
          personal === null ? null : (
            <Field key={personal} name={personal} label={label} unit={unit} own={own[personal]} server={server[personal]} onChange={(value) => set(personal, value)} />
          ),
        )}
      </div>
      <p className="mt-3 flex flex-wrap items-center gap-3 text-xs text-ink" role="status">
        {changed === 0 ? "The page colours by the server's thresholds." : `The page colours by Z ${exact(limits.z)}, LS ${exact(limits.ls)}, imbalance ${exact(limits.imbalance)} %, OI change ${exact(limits.oiDelta)} %, funding ${exact(limits.funding)} %.`}
        {changed > 0 && (
          <button type="button" className={button} onClick={reset}>
            Take the server&apos;s
          </button>
        )}
      </p>
    </Block>
  );
}
