import type { WebsocketHealth } from "../../api/types";
import { whole } from "../../lib/format";
import { age } from "../../lib/time";
import { told } from "./facts";

const line = ({ up, topics, refused, silent_s: silent, reconnects, failures, last_error: error }: WebsocketHealth) => (
  <>
    <span className={up ? "" : "font-semibold text-down"}>{up ? "up" : "down"}</span>, {whole(topics)} topics
    {refused > 0 && <span className="text-warn">, {whole(refused)} refused</span>}, {told(silent, (seconds) => `data ${age(seconds)} ago`, "no data yet")}
    {reconnects + failures > 0 && `, ${whole(reconnects)} reconnects, ${whole(failures)} failures`}
    {error !== null && <span className="block break-words text-micro text-ink-soft">{error}</span>}
  </>
);

/** The websocket connections of an exchange. */
export function Lines({ lines }: { lines: readonly WebsocketHealth[] }) {
  if (lines.length === 0) return <p className="text-xs text-ink-faint">none: figures come by requests</p>;
  return (
    <ul className="space-y-0.5 text-xs">
      {lines.map((one) => (
        <li key={one.name} className="flex items-baseline justify-between gap-3">
          <span className="shrink-0 text-ink-soft">{one.name}</span>
          <span className="min-w-0 text-right text-ink-strong">{line(one)}</span>
        </li>
      ))}
    </ul>
  );
}
