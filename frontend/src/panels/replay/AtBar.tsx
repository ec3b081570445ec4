import type { ReactNode } from "react";

import { barTime } from "../../charts/times";
import { exchangeName } from "../../lib/exchanges";
import { changesAt, type TierChange } from "../../lib/playback/changes";
import type { Frame } from "../../lib/playback/frame";
import { inOrder, type Noted, noted, notedKey } from "../../lib/playback/marks";
import { tierStyle } from "../../lib/tiers";
import { TierChip } from "../../ui/TierChip";
import { AlertItem } from "./AlertItem";

interface Props {
  frame: Frame;
  before: Frame | null;
  onGo: (alert: Noted) => void;
  onPair: (key: string) => void;
}

/** So many pairs are named; the rest are counted. */
const NAMED = 12;

const nameOf = (key: string) => {
  const [exchange = "", symbol = ""] = key.split("|");
  return `${symbol.split("/")[0] ?? symbol} on ${exchangeName(exchange)}`;
};

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-b border-line/70 px-3.5 py-2">
      <h2 className="mb-1 text-micro font-medium uppercase tracking-wider text-ink-faint">{title}</h2>
      {children}
    </section>
  );
}

function Rest({ count }: { count: number }) {
  return count > 0 ? <span className="text-micro text-ink-soft">and {count} more</span> : null;
}

function Tiers({ title, changes, onPair }: { title: string; changes: readonly TierChange[]; onPair: (key: string) => void }) {
  if (changes.length === 0) return null;
  return (
    <Part title={`${title} (${changes.length})`}>
      <ul className="flex flex-wrap items-center gap-1.5">
        {changes.slice(0, NAMED).map(({ key, base, exchange, tier }) => (
          <li key={`${key}${tier}`}>
            <button
              type="button"
              title={`${tierStyle(tier).name}: ${base} on ${exchangeName(exchange)}`}
              onClick={() => onPair(key)}
              className="flex min-h-6 items-center gap-1 rounded border border-line px-1.5 text-micro text-ink-strong hover:bg-raised"
            >
              <TierChip tier={tier} />
              {base}
              <span className="text-ink-soft">{exchangeName(exchange)}</span>
            </button>
          </li>
        ))}
        <li><Rest count={changes.length - NAMED} /></li>
      </ul>
    </Part>
  );
}

function Pairs({ title, keys }: { title: string; keys: readonly string[] }) {
  if (keys.length === 0) return null;
  return (
    <Part title={`${title} (${keys.length})`}>
      <p className="text-xs leading-5 text-ink">
        {keys.slice(0, NAMED).map(nameOf).join(", ")} <Rest count={keys.length - NAMED} />
      </p>
    </Part>
  );
}

const revisedWords = ({ exchange, symbol, first, last, bars }: Frame["revised"][number]) => {
  const name = nameOf(`${exchange}|${symbol}`);
  return bars === 1 ? `${name}: the bar of ${barTime(first)}` : `${name}: ${bars} bars, ${barTime(first)} to ${barTime(last)}`;
};

function Revised({ revised }: Pick<Frame, "revised">) {
  if (revised.length === 0) return null;
  return (
    <Part title={`Earlier bars that changed (${revised.length})`}>
      <ul className="space-y-0.5 text-xs leading-5 text-ink">
        {revised.slice(0, NAMED).map((one) => (
          <li key={`${one.exchange}|${one.symbol}`}>{revisedWords(one)}</li>
        ))}
        <li><Rest count={revised.length - NAMED} /></li>
      </ul>
    </Part>
  );
}

function Began({ alerts, onGo }: { alerts: readonly Noted[]; onGo: (alert: Noted) => void }) {
  return (
    <section aria-label="Alerts that began at this bar">
      {alerts.length === 0 ? (
        <p className="border-b border-line/70 px-3.5 py-2.5 text-xs text-ink-soft">No alert began at this bar.</p>
      ) : (
        <ul>
          {alerts.map((alert) => (
            <li key={notedKey(alert)}>
              <AlertItem alert={alert} current onGo={onGo} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What happened at the bar: alerts, conditions that began and ended, rows that came late. */
export function AtBar({ frame, before, onGo, onPair }: Props) {
  const changes = changesAt(before, frame);
  return (
    // Words alone may fill it: the keyboard has to be able to scroll them.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="group" aria-label="What happened at this bar" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto focus-visible:-outline-offset-2">
      <Began alerts={inOrder(frame.alerts.map(noted))} onGo={onGo} />
      {changes && (
        <>
          <Tiers title="Began to hold" changes={changes.began} onPair={onPair} />
          <Tiers title="No longer hold" changes={changes.ended} onPair={onPair} />
          <Pairs title="First bar here" keys={changes.appeared} />
          <Pairs title="No bar here" keys={changes.missing} />
        </>
      )}
      <Revised revised={frame.revised} />
    </div>
  );
}
