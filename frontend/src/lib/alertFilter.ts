import type { AlertQuery } from "../api/alerts";
import type { Alert } from "../api/types";
import { ofSlot, type Slot, SLOTS } from "./tiers";

/** The filters of the alert list, as the address has them; "" is any. */
export interface AlertFilter {
  exchange: string;
  kind: string;
  tier: string;
  rule: string;
  timeframe: string;
  symbol: string;
  /** Milliseconds UTC, as text. */
  since: string;
  until: string;
}

const KINDS = ["tier", "confluence", "rule"];

const within = (text: string, words: readonly string[]) => (words.includes(text) ? text : null);
/** A number of an address as its text; null for what is none. */
export const digits = (text: string) => (/^\d{1,15}$/.test(text) ? text : null);

/** What the API is asked; parts of the address that it would refuse are left out. */
export function queryOf(filter: AlertFilter, timeframes: readonly string[]): AlertQuery {
  return {
    exchange: filter.exchange,
    kind: within(filter.kind, KINDS),
    tier: within(filter.tier, ["1", "2", "3", "4", "5", "6"]),
    rule: digits(filter.rule),
    tf: within(filter.timeframe, timeframes),
    symbol: filter.symbol,
    since: digits(filter.since),
    until: digits(filter.until),
  };
}

/** Does an alert of the live stream belong into the list of this query? A rule's alert says its rule by id. */
export function fits(alert: Alert & { rule?: { id: number } | null }, query: AlertQuery): boolean {
  const wanted: [string | null | undefined, unknown][] = [
    [query.exchange, alert.exchange],
    [query.kind, alert.kind],
    [query.tier, alert.tier],
    [query.rule, alert.rule?.id],
    [query.tf, alert.timeframe],
    [query.symbol, alert.symbol],
  ];
  const same = wanted.every(([want, is]) => want === null || want === undefined || want === "" || want === String(is));
  return same && alert.ts >= Number(query.since ?? 0) && alert.ts <= Number(query.until ?? Infinity);
}

/** One choice of what: "" everything, a slot, or `rule:7`. */
export function whatOf({ kind, tier, rule }: AlertFilter): string {
  if (rule !== "") return `rule:${rule}`;
  return SLOTS.find((slot) => slot === (tier === "" ? kind : `t${tier}`)) ?? "";
}

export function ofWhat(what: string): Pick<AlertFilter, "kind" | "tier" | "rule"> {
  if (what.startsWith("rule:")) return { kind: "rule", tier: "", rule: what.slice(5) };
  if (!SLOTS.includes(what as Slot)) return { kind: "", tier: "", rule: "" };
  const { kind, tier } = ofSlot(what as Slot);
  return { kind, tier: tier === null ? "" : String(tier), rule: "" };
}

/** The symbol somebody means: its name, or the coin of a known one; else as typed. */
export function symbolOf(typed: string, known: readonly { symbol: string; base: string }[]): string {
  const text = typed.trim().toUpperCase();
  const found = known.find(({ symbol }) => symbol.toUpperCase() === text) ?? known.find(({ base }) => base.toUpperCase() === text);
  return found?.symbol ?? typed.trim();
}

const two = (value: number) => String(value).padStart(2, "0");

/** Local wall time as an input of kind datetime-local has it; "" without one. */
export function localInput(ms: string): string {
  if (digits(ms) === null) return "";
  const date = new Date(Number(ms));
  if (Number.isNaN(date.getTime())) return "";
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function fromLocalInput(text: string): string {
  const ms = new Date(text).getTime();
  return text === "" || Number.isNaN(ms) ? "" : String(ms);
}
