import { useId, useState } from "react";

import type { AlertQuery } from "../../api/alerts";
import type { Rule } from "../../api/types";
import { type AlertFilter, fromLocalInput, localInput, ofWhat, whatOf } from "../../lib/alertFilter";
import { alertStyle, alertTag, ofSlot, SLOTS } from "../../lib/tiers";
import { Icon } from "../../ui/Icon";
import { exportAddress } from "./exporting";

interface Props {
  filter: AlertFilter;
  query: AlertQuery;
  timeframes: readonly string[];
  rules: readonly Rule[];
  pairs: readonly { symbol: string; base: string }[];
  onChange: (patch: Partial<AlertFilter>) => void;
}

const field = "h-8 rounded-md border border-edge bg-panel px-2 text-xs text-ink-strong max-md:h-9 max-md:w-full";
const label = "flex min-w-0 flex-col gap-0.5 text-micro text-ink-faint";

function What({ filter, rules, onChange }: Pick<Props, "filter" | "rules" | "onChange">) {
  const what = whatOf(filter);
  const lost = what.startsWith("rule:") && !rules.some(({ id }) => what === `rule:${id}`);
  return (
    <label className={label}>
      What
      <select className={field} value={what} onChange={(event) => onChange(ofWhat(event.target.value))}>
        <option value="">Everything</option>
        {SLOTS.filter((slot) => slot !== "rule").map((slot) => (
          <option key={slot} value={slot}>
            {alertTag(ofSlot(slot))} {alertStyle(ofSlot(slot)).name}
          </option>
        ))}
        <option value="rule">Your rules, all</option>
        {rules.map(({ id, name }) => (
          <option key={id} value={`rule:${id}`}>
            Rule: {name}
          </option>
        ))}
        {lost && <option value={what}>Rule {filter.rule}</option>}
      </select>
    </label>
  );
}

function Symbol({ filter, pairs, onChange }: Pick<Props, "filter" | "pairs" | "onChange">) {
  const list = useId();
  const [typed, setTyped] = useState({ of: filter.symbol, text: filter.symbol });
  const text = typed.of === filter.symbol ? typed.text : filter.symbol;
  const apply = () => {
    const symbol = text.trim();
    setTyped({ of: symbol, text: symbol });
    onChange({ symbol });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <label className={label}>
        Symbol
        <input
          className={`${field} w-40`}
          value={text}
          list={list}
          placeholder="BTC"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped({ of: filter.symbol, text: event.target.value })}
          onBlur={apply}
        />
      </label>
      <datalist id={list}>
        {[...new Set(pairs.map(({ symbol }) => symbol))].map((symbol) => (
          <option key={symbol} value={symbol} />
        ))}
      </datalist>
    </form>
  );
}

function Moment({ name, value, onChange }: { name: string; value: string; onChange: (ms: string) => void }) {
  return (
    <label className={label}>
      {name}, local time
      <input type="datetime-local" className={field} value={localInput(value)} onChange={(event) => onChange(fromLocalInput(event.target.value))} />
    </label>
  );
}

function Export({ query }: { query: AlertQuery }) {
  const link = "flex h-8 items-center gap-1.5 rounded-md border border-edge px-2.5 text-xs text-ink-soft hover:bg-raised hover:text-ink-strong max-md:h-9";
  return (
    <span className="flex gap-1.5 md:ml-auto">
      {(["csv", "parquet"] as const).map((format) => (
        <a key={format} className={link} href={exportAddress(query, format)} download aria-label={`Export these alerts as ${format}`}>
          <Icon name="download" className="h-3.5 w-3.5" />
          {format === "csv" ? "CSV" : "Parquet"}
        </a>
      ))}
    </span>
  );
}

/** What of the alerts is listed; all of it is in the address. The exchange is chosen in the bar above. */
function Fields({ filter, query, timeframes, rules, pairs, onChange }: Props) {
  return (
    <div role="search" aria-label="Filter the alerts" className="flex flex-wrap items-end gap-2 max-md:grid max-md:grid-cols-2">
      <What filter={filter} rules={rules} onChange={onChange} />
      <label className={label}>
        Timeframe
        <select className={field} value={query.tf ?? ""} onChange={(event) => onChange({ timeframe: event.target.value })}>
          <option value="">All</option>
          {timeframes.map((tf) => (
            <option key={tf}>{tf}</option>
          ))}
        </select>
      </label>
      <Symbol filter={filter} pairs={pairs} onChange={onChange} />
      <Moment name="Since" value={filter.since} onChange={(since) => onChange({ since })} />
      <Moment name="Until" value={filter.until} onChange={(until) => onChange({ until })} />
      <Export query={query} />
    </div>
  );
}

/** The filters; on a phone they are folded away, and how many are set is told. */
export function Filters({ phone, ...props }: Props & { phone: boolean }) {
  if (!phone) return <Fields {...props} />;
  const { kind, tier, rule, timeframe, symbol, since, until } = props.filter;
  const set = [`${kind}${tier}${rule}`, timeframe, symbol, since, until].filter((text) => text !== "").length;
  return (
    <details>
      <summary className="cursor-pointer py-1 text-xs text-accent">
        Filter and export{set > 0 && ` (${set} set)`}
      </summary>
      <div className="pt-2">
        <Fields {...props} />
      </div>
    </details>
  );
}
