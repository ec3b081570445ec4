import type { Alert } from "../api/types";

/** Severity, highest first; the number of a tier says nothing about its rank. */
export const SEVERITY: readonly number[] = [6, 2, 5, 3, 1, 4];

export interface TierStyle {
  name: string;
  /** What it means in one line, where the server's catalog has not arrived. */
  short: string;
  text: string;
  bar: string;
  chip: string;
  row: string;
}

const STYLES: Record<number, TierStyle> = {
  6: {
    name: "Cluster",
    short: "three or more alerts within twelve bars",
    text: "text-t6",
    bar: "bg-t6",
    chip: "bg-t6/15 text-t6 ring-t6/40",
    row: "bg-t6/[0.07]",
  },
  2: {
    name: "Confluence",
    short: "OI spike, crowded longs and one-sided flow together",
    text: "text-t2",
    bar: "bg-t2",
    chip: "bg-t2/15 text-t2 ring-t2/40",
    row: "bg-t2/[0.07]",
  },
  5: {
    name: "Divergence",
    short: "this exchange's open interest leaves the others",
    text: "text-t5",
    bar: "bg-t5",
    chip: "bg-t5/15 text-t5 ring-t5/40",
    row: "bg-t5/[0.06]",
  },
  3: {
    name: "Flow agrees",
    short: "taker flow and price agree while open interest grows",
    text: "text-t3",
    bar: "bg-t3",
    chip: "bg-t3/15 text-t3 ring-t3/40",
    row: "bg-t3/[0.05]",
  },
  1: {
    name: "OI spike",
    short: "open interest jumped far beyond its own habit",
    text: "text-t1",
    bar: "bg-t1",
    chip: "bg-t1/15 text-t1 ring-t1/40",
    row: "bg-t1/[0.05]",
  },
  4: {
    name: "Crowded unwind",
    short: "funding above the default while open interest falls",
    text: "text-t4",
    bar: "bg-t4",
    chip: "bg-t4/15 text-t4 ring-t4/40",
    row: "bg-t4/[0.04]",
  },
};

const CONFLUENCE: TierStyle = {
  name: "Conditions agree",
  short: "two or more of the three conditions hold",
  text: "text-tc",
  bar: "bg-tc",
  chip: "bg-tc/15 text-tc ring-tc/40",
  row: "",
};

const OWN_RULE: TierStyle = {
  name: "Your rule",
  short: "a rule of your own holds",
  text: "text-tr",
  bar: "bg-tr",
  chip: "bg-tr/15 text-tr ring-tr/40",
  row: "",
};

export const tierStyle = (tier: number | null): TierStyle => (tier === null ? CONFLUENCE : (STYLES[tier] ?? CONFLUENCE));

export const alertStyle = (alert: Pick<Alert, "kind" | "tier">): TierStyle =>
  alert.kind === "tier" ? tierStyle(alert.tier) : alert.kind === "rule" ? OWN_RULE : CONFLUENCE;

export function alertTag(alert: Pick<Alert, "kind" | "tier">): string {
  if (alert.kind === "tier" && alert.tier !== null) return `T${alert.tier}`;
  return alert.kind === "rule" ? "R" : "C";
}

/** Rank for sorting: 0 is the most severe, unknown tiers and plain confluence come last. */
export function severityRank(tier: number | null): number {
  const rank = tier === null ? -1 : SEVERITY.indexOf(tier);
  return rank === -1 ? SEVERITY.length : rank;
}
