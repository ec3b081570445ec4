import type { WeightedCoin, WeightedListing } from "../../api/types";
import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { change, exact, percent, sigma as signed, signOf, usd } from "../../lib/format";
import { pairKey } from "../../lib/rows";
import { utcTime } from "../../lib/time";
import { TierChip } from "../../ui/TierChip";
import { Unknown } from "../../ui/Unknown";
import type { Column } from "../../ui/grid/column";

export interface CompareContext {
  /** Sigmas beyond which a divergence is one. */
  sigma: number;
  /** The newest bar any coin is compared at. */
  newest: number;
}

type CompareColumn = Column<WeightedCoin, CompareContext>;

const TONE = { 1: "text-up", 0: "text-ink", [-1]: "text-down" } as const;

export const listingOf = (coin: WeightedCoin, exchange: string): WeightedListing | undefined =>
  coin.exchanges.find((listing) => listing.exchange === exchange);

/** The listing with the largest open interest; its pair stands for the coin. */
export function largest(coin: WeightedCoin): WeightedListing | undefined {
  return [...coin.exchanges].sort((a, b) => (b.oi_abs_usd ?? -1) - (a.oi_abs_usd ?? -1))[0];
}

/** The largest divergence either way; null while none is known. */
export function furthest(coin: WeightedCoin): number | null {
  const known = coin.exchanges.map(({ divergence }) => divergence).filter((value) => value !== null);
  return known.reduce<number | null>((far, value) => (far === null || Math.abs(value) > Math.abs(far) ? value : far), null);
}

const Plain = ({ value, text, why }: { value: number | null; text: (value: number) => string; why: string }) =>
  value === null ? <Unknown why={why} /> : <span title={exact(value)}>{text(value)}</span>;

const Changed = ({ value, why }: { value: number | null; why: string }) =>
  value === null ? (
    <Unknown why={why} />
  ) : (
    <span title={exact(value)} className={TONE[signOf(value)]}>
      {change(value)}
    </span>
  );

/** Sigmas; beyond the threshold with the number of the tier, so that it does not depend on weight or colour. */
function Divergence({ value, sigma }: { value: number | null; sigma: number }) {
  if (value === null) {
    return <Unknown why="Not known: needs the changes of 21 bars without a gap, here and on a second exchange" />;
  }
  const far = Math.abs(value) > sigma;
  return (
    <span className="flex items-center justify-end gap-1">
      {far && <TierChip tier={5} />}
      <span title={exact(value)} className={`${TONE[signOf(value)]} ${far ? "font-semibold" : ""}`}>
        {signed(value)}
      </span>
    </span>
  );
}

function Coin({ coin, newest }: { coin: WeightedCoin; newest: number }) {
  return (
    <span className="flex items-baseline gap-1.5">
      <span className="truncate font-semibold text-ink-strong">{coin.base}</span>
      {coin.ts < newest && (
        <span title={`Compared at the bar opened ${utcTime(coin.ts)}: a later one is not there on every exchange yet`} className="cursor-help text-[0.625rem] text-warn">
          earlier
        </span>
      )}
    </span>
  );
}

/** Open interest by exchange as parts of one bar; the parts in words for readers and on hover. */
function Shares({ coin }: { coin: WeightedCoin }) {
  const known = coin.exchanges.flatMap(({ exchange, oi_abs_usd: oi }) => (oi === null ? [] : [{ exchange, oi }]));
  const total = known.reduce((sum, { oi }) => sum + oi, 0);
  if (total <= 0) return <Unknown why="Not known: no exchange's open interest is known" />;
  const words = known.map(({ exchange, oi }) => `${exchangeName(exchange)} ${percent(oi / total)}`).join(", ");
  return (
    <span role="img" aria-label={`Open interest: ${words}`} title={words} className="flex h-2.5 w-[3.75rem] gap-px overflow-hidden rounded-sm">
      {known.map(({ exchange, oi }) => (
        <span key={exchange} className={exchangeTone(exchange)} style={{ width: `${(oi / total) * 100}%` }} />
      ))}
    </span>
  );
}

const ACROSS: readonly CompareColumn[] = [
  {
    id: "base", label: "Coin", unit: "", width: 84, text: true,
    doc: "On each exchange a coin is its most liquid listing",
    sort: (coin) => coin.base,
    cell: (coin, { newest }) => <Coin coin={coin} newest={newest} />,
  },
  {
    id: "weighted_oi", label: "Weighted", unit: "OI, USD", width: 86, group: "Across exchanges",
    doc: "Mean of the exchanges' open interest, weighted by the volume of the bar: Σ(OI·volume) / Σ volume. It jumps when the shares of volume move.",
    sort: (coin) => coin.weighted_oi,
    cell: (coin) => <Plain value={coin.weighted_oi} text={usd} why="Not known: no exchange has both open interest and volume in this bar" />,
  },
  {
    id: "change", label: "Chained", unit: "OI Δ %, bar", width: 76, group: "Across exchanges",
    doc: "Change over one bar, the exchanges' changes weighted by the volume of the 24 bars before it",
    sort: (coin) => coin.global_oi_change_pct,
    cell: (coin) => <Changed value={coin.global_oi_change_pct} why="Not known: needs two exchanges with open interest in this bar and the one before" />,
  },
  {
    id: "furthest", label: "Furthest", unit: "σ", width: 84, group: "Across exchanges",
    doc: "The divergence of the exchange that departs most from the others",
    sort: (coin) => {
      const value = furthest(coin);
      return value === null ? null : Math.abs(value);
    },
    cell: (coin, { sigma }) => <Divergence value={furthest(coin)} sigma={sigma} />,
  },
  {
    id: "shares", label: "Shares", unit: "of OI", width: 72, group: "Across exchanges",
    doc: "How the open interest in USD is divided among the exchanges",
    cell: (coin) => <Shares coin={coin} />,
  },
];

interface Part {
  name: string;
  label: string;
  unit: string;
  width: number;
  doc: string;
  value: (listing: WeightedListing) => number | null;
  /** What it is sorted by, where that is not the value. */
  rank?: (value: number) => number;
  cell: (value: number | null, context: CompareContext) => JSX.Element;
}

const PARTS: readonly Part[] = [
  {
    name: "oi", label: "OI", unit: "USD", width: 64, doc: "Open interest of the closed bar, one side",
    value: (listing) => listing.oi_abs_usd,
    cell: (value) => <Plain value={value} text={usd} why="Not known: the exchange's open interest of this bar has not come" />,
  },
  {
    name: "volume", label: "Volume", unit: "coins, bar", width: 66, doc: "Coins traded in the bar",
    value: (listing) => listing.volume,
    cell: (value) => <Plain value={value} text={usd} why="Not known: the bar's volume has not come" />,
  },
  {
    name: "weight", label: "Weight", unit: "%", width: 62, doc: "Share of the coin's volume in this bar: its weight in the weighted open interest",
    value: (listing) => listing.weight,
    cell: (value) => <Plain value={value} text={(share) => percent(share, 1).replace(/\s?%/, "")} why="Not known: open interest or volume is not" />,
  },
  {
    name: "delta", label: "OI Δ", unit: "%, bar", width: 56, doc: "Change of open interest (coins) over one bar",
    value: (listing) => listing.oi_delta_pct,
    cell: (value) => <Changed value={value} why="Not known: needs the open interest of this bar and the one before" />,
  },
  {
    name: "divergence", label: "Diverges", unit: "σ", width: 84, doc: "OI Δ less the chained change of all exchanges, in sigmas of its own 20 bars before; marked 5 beyond the threshold of tier 5",
    value: (listing) => listing.divergence,
    rank: Math.abs,
    cell: (value, { sigma }) => <Divergence value={value} sigma={sigma} />,
  },
];

function part(exchange: string, { name, label, unit, width, doc, value, rank, cell }: Part): CompareColumn {
  const valueOf = (coin: WeightedCoin) => {
    const listing = listingOf(coin, exchange);
    return listing === undefined ? null : value(listing);
  };
  return {
    id: `${exchange}.${name}`, label, unit, width, doc: `${doc} (${exchangeName(exchange)})`, group: exchangeName(exchange),
    sort: (coin) => {
      const found = valueOf(coin);
      return found === null || rank === undefined ? found : rank(found);
    },
    cell: (coin, context) =>
      listingOf(coin, exchange) === undefined ? (
        <Unknown why={`Not recorded on ${exchangeName(exchange)}`} sign="–" word="not recorded there" />
      ) : (
        cell(valueOf(coin), context)
      ),
    target: (coin) => {
      const listing = listingOf(coin, exchange);
      return listing === undefined ? null : pairKey(listing);
    },
  };
}

/** The coin, all exchanges together, then each exchange by itself. */
export const compareColumns = (exchanges: readonly string[]): readonly CompareColumn[] => [
  ...ACROSS,
  ...exchanges.flatMap((exchange) => PARTS.map((one) => part(exchange, one))),
];
