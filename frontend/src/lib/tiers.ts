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
    text: "text-fuchsia-300",
    bar: "bg-fuchsia-400",
    chip: "bg-fuchsia-400/15 text-fuchsia-200 ring-fuchsia-400/40",
    row: "bg-fuchsia-400/[0.07]",
  },
  2: {
    name: "Confluence",
    short: "OI spike, crowded longs and one-sided flow together",
    text: "text-orange-300",
    bar: "bg-orange-400",
    chip: "bg-orange-400/15 text-orange-200 ring-orange-400/40",
    row: "bg-orange-400/[0.07]",
  },
  5: {
    name: "Divergence",
    short: "this exchange's open interest leaves the others",
    text: "text-sky-300",
    bar: "bg-sky-400",
    chip: "bg-sky-400/15 text-sky-200 ring-sky-400/40",
    row: "bg-sky-400/[0.06]",
  },
  3: {
    name: "Flow agrees",
    short: "taker flow and price agree while open interest grows",
    text: "text-teal-300",
    bar: "bg-teal-300",
    chip: "bg-teal-300/15 text-teal-200 ring-teal-300/40",
    row: "bg-teal-300/[0.05]",
  },
  1: {
    name: "OI spike",
    short: "open interest jumped far beyond its own habit",
    text: "text-yellow-300",
    bar: "bg-yellow-300",
    chip: "bg-yellow-300/15 text-yellow-200 ring-yellow-300/40",
    row: "bg-yellow-300/[0.05]",
  },
  4: {
    name: "Crowded unwind",
    short: "funding above the default while open interest falls",
    text: "text-slate-300",
    bar: "bg-slate-400",
    chip: "bg-slate-400/15 text-slate-200 ring-slate-400/40",
    row: "bg-slate-400/[0.04]",
  },
};

const CONFLUENCE: TierStyle = {
  name: "Conditions agree",
  short: "two or more of the three conditions hold",
  text: "text-indigo-300",
  bar: "bg-indigo-400",
  chip: "bg-indigo-400/15 text-indigo-200 ring-indigo-400/40",
  row: "",
};

const OWN_RULE: TierStyle = {
  name: "Your rule",
  short: "a rule of your own holds",
  text: "text-teal-300",
  bar: "bg-teal-400",
  chip: "bg-teal-400/15 text-teal-200 ring-teal-400/40",
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
