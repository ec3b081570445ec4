import type { Thresholds as ServerThresholds } from "../api/types";
import type { Thresholds } from "./filter";

/** A threshold of the server: what it is called there, and how it is shown and planned. */
export interface ThresholdField {
  name: keyof ServerThresholds;
  label: string;
  unit: string;
  /** What it decides. */
  doc: string;
  /** Of the slider; the field takes whatever the server allows. */
  range: readonly [number, number, number];
  /** Tiers that can be planned with it. */
  tiers: readonly number[];
  /** The reader's own threshold of the same thing, where the page colours by it. */
  personal: keyof Thresholds | null;
}

export const THRESHOLD_FIELDS: readonly ThresholdField[] = [
  { name: "z_threshold", label: "Z", unit: "σ", doc: "Tiers 1 and 2: Z above this", range: [0, 10, 0.1], tiers: [1, 2], personal: "z" },
  { name: "ls_threshold", label: "LS", unit: "", doc: "Tier 2: accounts long per short above this", range: [0, 6, 0.05], tiers: [], personal: "ls" },
  { name: "imbalance_threshold", label: "Imbalance", unit: "%", doc: "Tier 2: size of the takers' imbalance above this", range: [0, 50, 0.5], tiers: [], personal: "imbalance" },
  { name: "oi_delta_threshold", label: "OI change", unit: "%", doc: "Tier 3: change of open interest in one bar above this", range: [0, 5, 0.05], tiers: [3], personal: "oiDelta" },
  { name: "funding_threshold", label: "Funding", unit: "% per 8 h", doc: "Tier 4: funding above this", range: [-0.05, 0.1, 0.001], tiers: [4], personal: "funding" },
  { name: "divergence_sigma", label: "Divergence", unit: "σ", doc: "Tier 5: divergence from the other exchanges above this", range: [0, 10, 0.1], tiers: [5], personal: null },
  { name: "confluence_min", label: "Confluence", unit: "of 3", doc: "Conditions that start a confluence alert", range: [1, 3, 1], tiers: [], personal: null },
  { name: "alert_cooldown", label: "Rest", unit: "bars", doc: "Bars between two alerts of one kind", range: [1, 100, 1], tiers: [], personal: null },
];

/** A number as somebody types it, with a comma too; null for what is none. */
export function numberOf(text: string): number | null {
  const plain = text.trim().replace(",", ".").replace("\u2212", "-");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain)) return null;
  return Number(plain);
}

/** A number as the planner takes it: plain, no exponent. */
export const plain = (value: number): string => value.toFixed(8).replace(/\.?0+$/, "");
