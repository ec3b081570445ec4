import { useId } from "react";

import { fromLocalInput, localInput } from "../../../lib/alertFilter";
import { exchangeName } from "../../../lib/exchanges";
import { button } from "../../../ui/forms";
import { control, type FormProps, label, Topic, Wrong, wrongOf, wrongProps } from "./parts";

interface Props extends FormProps {
  timeframes: readonly string[];
  /** The timeframe that counts while none is chosen. */
  tf: string;
  exchanges: readonly string[];
  pairs: readonly { symbol: string; base: string }[];
}

const DAY = 86_400_000;
const SPANS = [
  { label: "24 h", days: 1 },
  { label: "7 d", days: 7 },
  { label: "30 d", days: 30 },
] as const;

function Moment({ name, text, ...props }: FormProps & { name: "start" | "end"; text: string }) {
  const { form, refusal, onChange } = props;
  const wrong = wrongOf(props, name);
  return (
    <div className="min-w-0">
      <label className={label}>
        {text}, local time
        <input
          {...wrongProps(name, wrong)}
          type="datetime-local"
          className={`${control} min-w-0`}
          value={localInput(form[name])}
          onChange={(event) => onChange({ [name]: fromLocalInput(event.target.value) })}
        />
      </label>
      {wrong !== null && <Wrong name={name} refused={refusal?.field === name}>{wrong}</Wrong>}
    </div>
  );
}

const since = (days: number) => ({ start: String(Date.now() - days * DAY), end: "" });

function Spans({ onChange }: Pick<FormProps, "onChange">) {
  return (
    <div role="group" aria-label="How far back" className="flex flex-wrap gap-1.5">
      {SPANS.map(({ label: text, days }) => (
        <button key={text} type="button" className={`${button} !py-1`} onClick={() => onChange(since(days))}>
          {text}
        </button>
      ))}
      <button type="button" className={`${button} !py-1`} onClick={() => onChange({ start: "", end: "" })}>
        All there is
      </button>
    </div>
  );
}

function Pairs({ pairs, ...props }: FormProps & Pick<Props, "pairs">) {
  const { form, refusal, onChange } = props;
  const list = useId();
  const wrong = wrongOf(props, "symbols");
  return (
    <div>
      <label className={label}>
        Pairs, by coin or symbol
        <input
          {...wrongProps("symbols", wrong)}
          type="text"
          className={control}
          list={list}
          placeholder="all"
          autoComplete="off"
          spellCheck={false}
          value={form.symbols}
          onChange={(event) => onChange({ symbols: event.target.value })}
        />
      </label>
      <datalist id={list}>
        {[...new Set(pairs.map(({ base }) => base))].map((base) => (
          <option key={base} value={base} />
        ))}
      </datalist>
      {wrong !== null && <Wrong name="symbols" refused={refusal?.field === "symbols"}>{wrong}</Wrong>}
    </div>
  );
}

/** Which bars it is tried on. */
export function DataFields({ timeframes, tf, exchanges, pairs, ...props }: Props) {
  const { form, onChange } = props;
  return (
    <Topic title="On which bars">
      <div className="grid grid-cols-2 gap-2">
        <label className={label}>
          Timeframe
          <select {...wrongProps("tf", wrongOf(props, "tf"))} className={control} value={tf} onChange={(event) => onChange({ tf: event.target.value })}>
            {timeframes.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label className={label}>
          Exchange
          <select {...wrongProps("exchange", wrongOf(props, "exchange"))} className={control} value={form.exchange} onChange={(event) => onChange({ exchange: event.target.value })}>
            <option value="">All</option>
            {exchanges.map((id) => (
              <option key={id} value={id}>
                {exchangeName(id)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Pairs {...props} pairs={pairs} />
      <div className="grid grid-cols-2 gap-2">
        <Moment {...props} name="start" text="From" />
        <Moment {...props} name="end" text="To" />
      </div>
      <Spans onChange={onChange} />
    </Topic>
  );
}
