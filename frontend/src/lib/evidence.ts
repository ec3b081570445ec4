import type { Evidence } from "../api/alerts";
import type { Alert, EvidenceCell } from "../api/types";
import { change, decimals, percent, whole } from "./format";

/** The one horizon of chips: always the same, so that no cell is picked for its figures. */
export const CHIP_HORIZON = 12;
const ENOUGH_CLUSTERS = 30;

/** Cells of an alert's kind and timeframe. */
export const cellsOf = (cells: readonly EvidenceCell[], alert: Pick<Alert, "kind" | "tier" | "timeframe">) =>
  cells.filter(
    ({ kind, tier, timeframe }) =>
      timeframe === alert.timeframe && kind === alert.kind && (kind !== "tier" || tier === alert.tier),
  );

/** The direction of trade an alert speaks of; long where it names none. */
export const tradeOf = (alert: Pick<Alert, "direction">): "long" | "short" =>
  alert.direction === "short" ? "short" : "long";

/** The cell of a chip: live where it has enough events, else whichever source has more. */
export function chipCell(cells: readonly EvidenceCell[], alert: Alert): EvidenceCell | null {
  const direction = tradeOf(alert);
  const fit = cellsOf(cells, alert).filter((cell) => cell.horizon === CHIP_HORIZON && cell.direction === direction);
  const live = fit.find(({ source }) => source === "live");
  if (live && live.clusters >= ENOUGH_CLUSTERS) return live;
  return fit.sort((a, b) => b.clusters - a.clusters)[0] ?? null;
}

export const VERDICTS: Record<string, { short: string; sign: string; tone: string }> = {
  edge: { short: "edge", sign: "◆", tone: "text-accent" },
  "no measurable edge": { short: "no edge", sign: "○", tone: "text-ink-soft" },
  "too few": { short: "too few", sign: "·", tone: "text-ink-faint" },
};

export const verdictOf = (verdict: string) =>
  VERDICTS[verdict] ?? { short: verdict, sign: "?", tone: "text-ink-soft" };

const share = (fraction: number | null) => (fraction === null ? "?" : percent(fraction));

/** The interval in whole percent: [42–56]. */
export const interval = ({ low, high }: Pick<Evidence, "low" | "high">) =>
  low === null || high === null ? "[?]" : `[${whole(low * 100)}–${whole(high * 100)}]`;

/** n 214 · 49% [42–56] · base 48% · no edge; of too few the events are told, which are what is too few. */
export function chipText(cell: Evidence): string {
  const few = cell.verdict === "too few" ? ` (${whole(cell.clusters)}/${ENOUGH_CLUSTERS} events)` : "";
  const short = verdictOf(cell.verdict).short + few;
  const counted = `n ${whole(cell.n)}`;
  if (cell.hit_rate === null) return `${counted} · ${short}`;
  return `${counted} · ${share(cell.hit_rate)} ${interval(cell)} · base ${share(cell.base_rate)} · ${short}`;
}

/** Percentage points with their sign; "?" where not known. */
export const points = (fraction: number | null) => (fraction === null ? "?" : change(fraction * 100));

export const netPercent = (fraction: number | null) => (fraction === null ? "?" : `${fraction > 0 ? "+" : ""}${decimals(fraction * 100, 3)}%`);

/** Shares (0 to 1) between which all of the cells can be drawn, at whole tenths, at least 0.2 apart. */
export function domainOf(cells: readonly Evidence[]): [number, number] {
  const all = cells.flatMap(({ low, high, hit_rate, base_rate }) => [low, high, hit_rate, base_rate]);
  const known = all.filter((value) => value !== null);
  if (known.length === 0) return [0, 1];
  const low = Math.floor(Math.min(...known) * 10 + 1e-9) / 10;
  const high = Math.ceil(Math.max(...known) * 10 - 1e-9) / 10;
  const from = Math.max(0, Math.min(low, high - 0.2));
  return [from, Math.min(1, Math.max(high, from + 0.2))];
}

export interface Plot {
  low: number;
  high: number;
  hit: number;
  /** Null where the base rate is not known. */
  base: number | null;
}

/** Where interval, rate and base stand in the domain, in percent of its width; null without a rate. */
export function plotOf(cell: Evidence, [from, to]: readonly [number, number]): Plot | null {
  const { low, high, hit_rate: hit, base_rate: base } = cell;
  if (low === null || high === null || hit === null) return null;
  const at = (value: number) => Math.min(100, Math.max(0, ((value - from) / (to - from)) * 100));
  return { low: at(low), high: at(high), hit: at(hit), base: base === null ? null : at(base) };
}
