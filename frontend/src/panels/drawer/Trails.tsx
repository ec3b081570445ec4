import type { MetricRow } from "../../api/types";
import { change, signOf } from "../../lib/format";
import { Sparkline } from "../../ui/Sparkline";
import { useHistory } from "./useHistory";

function Trail({ name, values }: { name: string; values: readonly (number | null)[] }) {
  const known = values.filter((value) => value !== null);
  const first = known[0];
  const last = known[known.length - 1];
  const moved = first && last ? (last / first - 1) * 100 : null;
  const tone = moved === null ? "text-accent" : { 1: "text-up", 0: "text-accent", [-1]: "text-down" }[signOf(moved)];
  return (
    <figure className="min-w-0 flex-1 rounded-md border border-line bg-page p-2">
      <figcaption className="flex justify-between text-micro text-ink-soft">
        {name}
        {moved !== null && <span className={tone}>{change(moved)} %</span>}
      </figcaption>
      <Sparkline values={values} width={180} height={48} fill className={`mt-1 h-12 w-full ${tone}`} label={`${name}, the last ${values.length} closed bars`} />
    </figure>
  );
}

/** Price and open interest of the last closed bars, small. */
export function Trails({ row }: { row: MetricRow }) {
  const { trail, error } = useHistory(row.exchange, row.symbol, row.timeframe, row.ts);
  return (
    <div className="px-4 py-3">
      {error !== null && (
        <p role="alert" className="text-xs text-down">
          The history could not be read: {error}
        </p>
      )}
      {error === null && (
        <>
          <div className="flex gap-2">
            {trail ? (
              <>
                <Trail name="Price" values={trail.close} />
                <Trail name="Open interest, coins" values={trail.oi} />
              </>
            ) : (
              <>
                <span className="skeleton h-[82px] flex-1" />
                <span className="skeleton h-[82px] flex-1" />
              </>
            )}
          </div>
          <p className="mt-1.5 text-micro text-ink-faint">
            {trail ? `last ${trail.ts.length} closed bars of ${row.timeframe}` : "reading the history…"}
          </p>
        </>
      )}
    </div>
  );
}
