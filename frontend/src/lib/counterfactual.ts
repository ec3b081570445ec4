import type { AlertWithEvidence } from "../api/types";
import { decimals } from "./format";

/** A condition that held: what would have broken it, and how far beyond its limit it was (0 = at it). */
export interface Condition {
  words: string;
  /** Distance from the limit in shares of the limit; null where it has none. */
  margin: number | null;
}

const figure = (value: number, digits = 2) => decimals(value, digits);

const last = (values: readonly (number | null)[] | undefined) => values?.[values.length - 1] ?? null;
const first = (values: readonly (number | null)[] | undefined) => values?.[0] ?? null;

interface Above {
  name: string;
  value: number | null | undefined;
  limit: number | null | undefined;
  unit?: string;
  digits?: number;
}

/** "LS were 2.00 or less (it was 2.34)" */
function above({ name, value, limit, unit = "", digits = 2 }: Above): Condition[] {
  if (value === null || value === undefined || limit === null || limit === undefined) return [];
  const words = `${name} were ${figure(limit, digits)}${unit} or less (it was ${figure(value, digits)}${unit})`;
  return [{ words, margin: limit === 0 ? null : (value - limit) / Math.abs(limit) }];
}

const size = (value: number | null | undefined) => (value === null || value === undefined ? null : Math.abs(value));

/** The limit in force for a statistic: the day's calibrated one where that is the stricter. */
function limitOf(alert: AlertWithEvidence, literal: number | undefined, statistic: string): number | undefined {
  const { calibration } = alert;
  if (calibration?.statistic !== statistic || calibration.threshold === null) return literal;
  return Math.max(literal ?? -Infinity, calibration.threshold);
}

function spike(alert: AlertWithEvidence): Condition[] {
  const { values, thresholds } = alert;
  const value = values.z_score === null ? null : values.z_raw;
  return above({ name: "Z", value, limit: limitOf(alert, thresholds.z, "z_raw") });
}

const crowd = ({ values, thresholds }: AlertWithEvidence) => above({ name: "LS", value: values.global_ls, limit: thresholds.ls });

const imbalance = ({ values, thresholds }: AlertWithEvidence) =>
  above({ name: "the size of the imbalance", value: size(values.imbalance), limit: thresholds.imbalance_pct, unit: " %" });

function flow(alert: AlertWithEvidence): Condition[] {
  const limit = limitOf(alert, alert.thresholds.oi_delta_pct, "oi_delta_pct");
  const growth = above({ name: "the change of open interest", value: alert.values.oi_delta_pct, limit, unit: " %" });
  const { close } = alert.window;
  const from = first(close);
  const to = last(close);
  if (from === null || to === null) return growth;
  const moved = `the taker flow of 12 bars had pointed against the price (which went from ${figure(from, 4)} to ${figure(to, 4)})`;
  return [...growth, { words: moved, margin: null }];
}

function unwind({ values, thresholds, window }: AlertWithEvidence): Condition[] {
  const paid = above({ name: "funding per 8 h", value: values.funding_8h_pct, limit: thresholds.funding_pct, unit: " %", digits: 4 });
  const before = first(window.oi_contracts);
  const now = last(window.oi_contracts);
  if (before === null || now === null || before === 0) return paid;
  const fell = figure(((before - now) / before) * 100);
  return [...paid, { words: `open interest had not fallen over 12 bars (it fell ${fell} %)`, margin: (before - now) / before }];
}

function divergence(alert: AlertWithEvidence): Condition[] {
  const limit = limitOf(alert, alert.thresholds.divergence_sigma, "divergence");
  return above({ name: "the size of the divergence", value: size(alert.values.divergence), limit, unit: " σ" });
}

function cluster({ values }: AlertWithEvidence): Condition[] {
  const { recent_alerts: recent } = values;
  if (recent === null || recent === undefined) return [];
  return [{ words: `there had been 2 alerts of tiers 1 to 5 or fewer within 12 bars (there were ${figure(recent, 0)})`, margin: (recent - 2) / 2 }];
}

const TIERS: Record<number, (alert: AlertWithEvidence) => Condition[]> = {
  1: spike,
  2: (alert) => [...spike(alert), ...crowd(alert), ...imbalance(alert)],
  3: flow,
  4: unwind,
  5: divergence,
  6: cluster,
};

/** What held, nearest to its limit first. */
export function conditionsOf(alert: AlertWithEvidence): Condition[] {
  const found =
    alert.kind === "tier" && alert.tier !== null
      ? (TIERS[alert.tier]?.(alert) ?? [])
      : alert.kind === "confluence"
        ? [...spike(alert), ...crowd(alert), ...imbalance(alert)].filter(({ margin }) => margin === null || margin > 0)
        : [];
  return found.sort((a, b) => (a.margin ?? Infinity) - (b.margin ?? Infinity));
}

/** How many of the conditions that held must break before the alert does. */
function needed(alert: AlertWithEvidence, held: number): number {
  if (alert.kind !== "confluence") return 1;
  return Math.max(1, held - (alert.thresholds.confluence_min ?? held) + 1);
}

/** "Would not have fired if LS were 2.00 or less (it was 2.34), or if …"; null where nothing can be said. */
export function counterfactual(alert: AlertWithEvidence): string | null {
  if (alert.kind === "rule") {
    const rule = alert.rule;
    return rule && `Would not have fired if this were not true: ${rule.expression}`;
  }
  const held = conditionsOf(alert);
  const [only, ...others] = held;
  if (!only) return null;
  const count = needed(alert, held.length);
  if (count === 1) return `Would not have fired if ${[only, ...others].map(({ words }) => words).join(", or if ")}.`;
  return `Would not have fired if ${count} of these were so: ${held.map(({ words }) => words).join("; ")}.`;
}
