import type { ExchangeHealth } from "../../api/types";
import { percent } from "../../lib/format";
import { age } from "../../lib/time";
import { Meter } from "../../ui/bars";
import { NotTold } from "./facts";

const FULL = 0.8;

/** Every official limit: how much of it is in use, and whether the exchange has closed it for a while. */
export function Budgets({ name, health }: { name: string; health: ExchangeHealth }) {
  if (health.budgets === undefined) return <p className="text-xs"><NotTold /></p>;
  const shares = Object.entries(health.budgets).sort(([, a], [, b]) => b - a);
  const closed = health.throttled ?? {};
  const unlisted = Object.entries(closed).filter(([budget]) => !shares.some(([known]) => known === budget));
  if (shares.length + unlisted.length === 0) return <p className="text-xs text-ink-faint">none in use yet</p>;
  return (
    <ul className="space-y-1 text-xs">
      {shares.map(([budget, share]) => (
        <li key={budget} className="grid grid-cols-[minmax(0,9rem)_1fr_2.75rem] items-center gap-2">
          <span className="truncate text-ink-soft" title={budget}>{budget}</span>
          <Meter value={share} label={`${name}: ${budget} used`} />
          <span className={`text-right ${share > FULL ? "font-semibold text-warn" : "text-ink-strong"}`}>{percent(share)}</span>
          <Closed left={closed[budget]} />
        </li>
      ))}
      {unlisted.map(([budget, left]) => (
        <li key={budget}>
          {budget} <Closed left={left} />
        </li>
      ))}
    </ul>
  );
}

const Closed = ({ left }: { left: number | undefined }) =>
  left === undefined ? null : <span className="col-span-3 text-micro text-warn">closed for {age(left)}</span>;
