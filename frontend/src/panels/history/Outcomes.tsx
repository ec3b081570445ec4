import type { Alert, Outcome } from "../../api/types";
import { netPercent } from "../../lib/evidence";
import { HORIZONS, matures, outcomeOf } from "../../lib/outcomes";
import { Time } from "../../ui/Time";

interface Props {
  alert: Alert;
  outcomes: readonly Outcome[] | null;
  error: string | null;
}

function Net({ alert, found, horizon, late }: { alert: Alert; found: Outcome | null; horizon: number; late: boolean }) {
  if (!found) {
    const at = matures(alert, horizon, late);
    return at === null ? <span className="text-ink-faint">open</span> : <Time ts={at} className="text-ink-faint" />;
  }
  if (found.net === null) return <span title="A price is missing: no trade" className="text-ink-faint">no trade</span>;
  return (
    <span className={found.hit ? "text-up" : "text-down"}>
      {found.hit ? "✓" : "✗"} {netPercent(found.net)}
    </span>
  );
}

const cell = "px-2 py-1 text-right";

/** Net of the trades on this alert; where one has not ended, when it will. */
export function Outcomes({ alert, outcomes, error }: Props) {
  if (error !== null) return <p role="alert" className="text-xs text-down">The outcomes could not be read: {error}</p>;
  if (!outcomes) return <p role="status" className="text-xs text-ink-soft">Reading the outcomes…</p>;
  return (
    <>
      <table className="w-full text-micro text-ink">
        <thead className="text-ink-faint">
          <tr>
            <th scope="col" className="py-1 text-left font-normal">Held</th>
            <th scope="col" className={`${cell} font-normal`}>▲ Long</th>
            <th scope="col" className={`${cell} font-normal`}>one bar late</th>
            <th scope="col" className={`${cell} font-normal`}>▼ Short</th>
            <th scope="col" className={`${cell} pr-0 font-normal`}>one bar late</th>
          </tr>
        </thead>
        <tbody>
          {HORIZONS.map((horizon) => (
            <tr key={horizon} className="border-t border-line/60">
              <th scope="row" className="py-1 text-left font-normal">
                {horizon} {horizon === 1 ? "bar" : "bars"}
              </th>
              {(["long", "short"] as const).flatMap((direction) =>
                [false, true].map((late) => (
                  <td key={`${direction}${late}`} className={`${cell} last:pr-0`}>
                    <Net alert={alert} horizon={horizon} late={late} found={outcomeOf(outcomes, direction, horizon, late)} />
                  </td>
                )),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-1 text-micro text-ink-faint">Net of fees, slippage and funding; a time is when that trade ends.</p>
    </>
  );
}
