import type { EvidenceCell } from "../../api/types";
import { domainOf } from "../../lib/evidence";
import { whole } from "../../lib/format";
import { EvidenceRow } from "../../ui/EvidenceRow";

const SOURCES = [
  { source: "live", title: "Live alerts" },
  { source: "historical", title: "Alerts of stored history" },
] as const;

function Column({ cells, domain, title }: { cells: readonly EvidenceCell[]; domain: readonly [number, number]; title: string }) {
  return (
    <div className="min-w-0 flex-1">
      <h4 className="mb-1 text-micro font-semibold text-ink-soft">{title}</h4>
      {cells.length === 0 ? (
        <p className="text-micro text-ink-faint">None judged yet.</p>
      ) : (
        (["long", "short"] as const).map((direction) => (
          <div key={direction} className="mb-2">
            <h5 className="flex items-baseline justify-between text-micro font-semibold text-ink">
              {direction === "long" ? "▲ Long" : "▼ Short"}
              <span className="font-normal text-ink-faint">
                {whole(domain[0] * 100)} – {whole(domain[1] * 100)} % won
              </span>
            </h5>
            <ul>
              {cells
                .filter((cell) => cell.direction === direction)
                .map((cell) => (
                  <EvidenceRow key={cell.horizon} cell={cell} domain={domain} />
                ))}
            </ul>
          </div>
        ))
      )}
    </div>
  );
}

/** What alerts of one kind and timeframe were worth, live and historical side by side on one scale. */
export function EvidenceCard({ cells }: { cells: readonly EvidenceCell[] }) {
  if (cells.length === 0) {
    return <p className="text-xs text-ink-soft">Nothing judged yet: the first trades end one bar after the alert&apos;s own.</p>;
  }
  const domain = domainOf(cells);
  return (
    <>
      <p className="mb-2 text-micro leading-4 text-ink-faint">
        Each alert is judged by a trade: in at the open of the next bar, out after so many bars, fees, slippage and funding paid. Bar: 95 % interval of the share that won;
        point: the share; dashed tick: how often the same trade won at any bar. Late: the uplift, in points, one bar later. Stored history: bars of before, which raised none.
      </p>
      <div className="flex gap-5 max-md:flex-col">
        {SOURCES.map(({ source, title }) => (
          <Column key={source} title={title} domain={domain} cells={cells.filter((cell) => cell.source === source).sort((a, b) => a.horizon - b.horizon)} />
        ))}
      </div>
    </>
  );
}
