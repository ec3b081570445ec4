import type { Catalog, MetricRow } from "../../api/types";
import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { sourceWords } from "../../lib/feeds";
import { explain, inWords, isStale, notable } from "../../lib/quality";
import type { RowView } from "../../lib/rows";
import { severityRank } from "../../lib/tiers";
import { Age } from "../../ui/Age";
import { MarkChip } from "../../ui/MarkChip";
import { TierChip } from "../../ui/TierChip";
import { Absent } from "./cells";

/** `BTC/USDT:USDT` as its quote, with the exchange's own multiple of the coin where it has one. */
const pairName = (row: MetricRow) => row.symbol.split("/")[0] ?? row.base;

export function SymbolCell({ row }: { row: MetricRow }) {
  return (
    <span className="flex min-w-0 items-baseline gap-1.5" title={`${row.symbol} on ${exchangeName(row.exchange)}`}>
      <span className="truncate text-[0.8125rem] font-semibold text-ink-strong">{pairName(row)}</span>
      <QualityFlag row={row} />
      <span className="ml-auto flex shrink-0 items-center gap-1 text-micro text-ink-soft">
        <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(row.exchange)}`} />
        {exchangeName(row.exchange)}
      </span>
    </span>
  );
}

/** Seen without scrolling to the quality column: stale in words, anything else as a mark. */
function QualityFlag({ row }: { row: MetricRow }) {
  const found = notable(row).filter((mark) => mark !== "warming");
  if (found.length === 0) return null;
  const words = found.map(inWords).join("\n");
  if (isStale(row)) {
    return (
      <span title={words} className="rounded-sm border border-ink-faint px-0.5 text-[0.5625rem] leading-3 text-ink-soft">
        stale
      </span>
    );
  }
  return (
    <span title={words} className="h-1.5 w-1.5 shrink-0 rotate-45 self-center bg-warn">
      <span className="sr-only">{words}</span>
    </span>
  );
}

interface TiersProps {
  row: MetricRow;
  catalog: Catalog | null;
  zThreshold: number;
}

/** Tiers by severity; a fall of open interest as unusual as a tier 1 rise is named, it is no tier. */
export function TiersCell({ row, catalog, zThreshold }: TiersProps) {
  if (row.tiers === null) return <Absent note={explain(row, "tiers", catalog)} />;
  if (row.tiers.length === 0) {
    const flush = row.z_score !== null && row.z_score < -zThreshold;
    return flush ? (
      <span title="Open interest fell far beyond its own habit" className="text-micro font-medium text-down">
        OI flush
      </span>
    ) : (
      <span className="sr-only">none</span>
    );
  }
  const ordered = [...row.tiers].sort((a, b) => severityRank(a) - severityRank(b));
  return (
    <span className="flex gap-0.5">
      {ordered.map((tier) => (
        <TierChip key={tier} tier={tier} />
      ))}
    </span>
  );
}

const PIPS = [1, 2, 3] as const;

export function ConfluenceCell({ row, catalog }: { row: MetricRow; catalog: Catalog | null }) {
  if (row.confluence === null) return <Absent note={explain(row, "confluence", catalog)} />;
  const met = Math.round(row.confluence * 3);
  return (
    <span className="flex items-center justify-end gap-1.5">
      <span aria-hidden="true" className="flex gap-0.5">
        {PIPS.map((pip) => (
          <span key={pip} className={`h-2.5 w-1 rounded-sm ${pip <= met ? "bg-tc" : "bg-edge"}`} />
        ))}
      </span>
      <span className={met > 1 ? "font-semibold text-ink-strong" : ""}>{met}</span>
    </span>
  );
}

const QUADRANTS: Record<string, { signs: string; tone: string }> = {
  "new longs": { signs: "↑ ↑", tone: "text-up" },
  "short covering": { signs: "↑ ↓", tone: "text-t3" },
  "new shorts": { signs: "↓ ↑", tone: "text-down" },
  "long liquidation": { signs: "↓ ↓", tone: "text-hole" },
};

export function QuadrantCell({ row, catalog }: { row: MetricRow; catalog: Catalog | null }) {
  const word = row.oi_price_quadrant?.replaceAll("_", " ") ?? null;
  if (word === null) return <Absent note={explain(row, "oi_price_quadrant", catalog)} />;
  const look = QUADRANTS[word];
  return (
    <span className={`flex gap-2 whitespace-nowrap ${look?.tone ?? "text-ink"}`}>
      <span aria-hidden="true">{look?.signs}</span>
      {word}
    </span>
  );
}

export function QualityCell({ row }: { row: MetricRow }) {
  const found = notable(row);
  const [first, ...rest] = found;
  if (first === undefined) return <span className="sr-only">good</span>;
  return (
    <span title={found.map(inWords).join("\n")} className="flex min-w-0 cursor-help items-center gap-1 text-micro">
      <MarkChip mark={first} className="truncate" />
      {rest.length > 0 && <span className="text-ink-soft">+{rest.length}</span>}
    </span>
  );
}

/** Since when the row is silent, and how it was heard, in two or four letters. */
export function AgeCell({ view }: { view: RowView }) {
  const source = view.row.live_source;
  return (
    <span className="flex items-center justify-end gap-1.5">
      <Age view={view} />
      {source && (
        <abbr title={`By ${sourceWords(source)}`} className="w-6 text-left text-[0.5625rem] text-ink-faint no-underline">
          {sourceWords(source) === "websocket" ? "ws" : source}
        </abbr>
      )}
    </span>
  );
}
