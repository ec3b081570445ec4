import type { Run, RunSettings, RunStatistics, SimulatedTrade } from "../../api/types";
import { exchangeName } from "../exchanges";
import { change, decimals, exact, percent, whole } from "../format";
import { tierStyle } from "../tiers";

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** With a capital and an end. */
export const sentence = (text: string) => `${capital(text)}${/[.!?]$/.test(text) ? "" : "."}`;

const bars = (count: number) => `${whole(count)} ${count === 1 ? "bar" : "bars"}`;

/** A fraction as percent with every digit it has. */
export const exactPercent = (fraction: number) => `${exact(Number((fraction * 100).toPrecision(12)))} %`;

/** A fraction as signed percent; finer where it is small. */
export const signedPercent = (fraction: number) => `${change(fraction * 100)} %`;

/** A mean net: signed percent of three decimals. */
export const netPercent = (fraction: number) => `${fraction > 0 ? "+" : ""}${decimals(fraction * 100, 3)} %`;

/** A share with one decimal, "?" where it is not known. */
export const share = (fraction: number | null) => (fraction === null ? "?" : percent(fraction, 1));

/** [48.9–59.2 %], "?" where it is not known. */
export const span = (low: number | null, high: number | null) =>
  low === null || high === null ? "[?]" : `[${decimals(low * 100, 1)}–${percent(high, 1)}]`;

/** What opens a trade, in two or three words. */
export function entryShort({ entry, tier, rule }: RunSettings): string {
  switch (entry) {
    case "tier":
      return `T${tier ?? "?"} ${tierStyle(tier).name}`;
    case "confluence":
      return "Conditions agree";
    case "rule":
      return rule ?? "?";
    case "obv-rsi":
      return "OBV and RSI";
  }
}

const WAYS: Record<NonNullable<RunSettings["direction"]>, string> = {
  long: "long", short: "short", momentum: "with the move", fade: "against the move", both: "long and short",
};

export function wayWords({ direction, momentum_bars: over }: RunSettings): string {
  const moved = direction === "momentum" || direction === "fade" ? ` of ${bars(over)}` : "";
  return direction === null ? "?" : WAYS[direction] + moved;
}

/** How a trade ends. */
export function exitWords({ entry, hold, take_profit, stop_loss, trailing_stop }: RunSettings): string {
  const ends = [
    ...(hold === null ? [] : [`after ${bars(hold)}`]),
    ...(take_profit === null ? [] : [`at +${exactPercent(take_profit)}`]),
    ...(stop_loss === null ? [] : [`at −${exactPercent(stop_loss)}`]),
    ...(trailing_stop === null ? [] : [`${exactPercent(trailing_stop)} below its best`]),
    ...(entry === "obv-rsi" ? ["when OBV or RSI turns"] : []),
  ];
  return ends.join(" or ");
}

/** A run's settings in a line: what a list calls it. */
export function titleOf(settings: RunSettings): string {
  const held = settings.hold === null ? exitWords(settings) : bars(settings.hold);
  const levels = settings.hold !== null && (settings.take_profit ?? settings.stop_loss ?? settings.trailing_stop) !== null ? ", with levels" : "";
  return `${entryShort(settings)} · ${wayWords(settings)} · ${held}${levels}`;
}

/** The whole trade in a sentence. */
export function sentenceOf(settings: RunSettings): string {
  const { entry, fire, late, fee, slippage, funding } = settings;
  const fires = entry === "obv-rsi" ? "" : fire === "alerts" ? ", as an alert of it starts" : ", at every bar at which it holds";
  const enters = late === 0 ? "in at the next open" : `in ${bars(late)} later than the next open`;
  const paid = `${exactPercent(fee)} fee and ${exactPercent(slippage)} slippage a side${funding ? ", funding paid" : ", no funding"}`;
  return `${entryShort(settings)}${fires}: ${wayWords(settings)}, ${enters}, out ${exitWords(settings)}; ${paid}.`;
}

/** How large trades are. */
export function sizeWords({ sizing, size, capital, cash_limit, leverage, max_positions }: RunSettings): string {
  const sizes: Record<RunSettings["sizing"], string> = {
    equal: "in equal parts, one a pair",
    amount: `${exact(size ?? 0)} a trade`,
    share: `${exactPercent(size ?? 0)} of the account a trade`,
    risk: `${exactPercent(size ?? 0)} of the account at risk a trade`,
  };
  const limit = cash_limit ? `, cash counts (leverage ${exact(leverage)})` : "";
  const most = max_positions === null ? "" : `, at most ${whole(max_positions)} at a time`;
  return `${exact(capital)} USDT ${sizes[sizing]}${limit}${most}`;
}

/** What was simulated on. */
export function dataWords({ data }: Pick<Run, "data">): string {
  const where = data.exchange === "" ? "all exchanges" : exchangeName(data.exchange);
  return `${data.tf} · ${where} · ${whole(data.pairs)} ${data.pairs === 1 ? "pair" : "pairs"} · ${whole(data.bars)} bars`;
}

export const VERDICT_WORDS: Record<RunStatistics["verdict"], { title: string; sign: string; tone: string; meaning: string }> = {
  edge: {
    title: "Edge", sign: "◆", tone: "text-accent",
    meaning: "It won more often than the same trade at any bar, by more than chance explains, and still did one bar late. It says nothing about tomorrow.",
  },
  "no measurable edge": {
    title: "No measurable edge", sign: "○", tone: "text-ink-strong",
    meaning: "What it won cannot be told from the same trade at any bar. Most conditions end here; that is worth knowing before money does.",
  },
  "too few": {
    title: "Too few to tell", sign: "·", tone: "text-ink-soft",
    meaning: "There are not enough independent events to say anything. Take more bars, more pairs, or a condition that comes more often.",
  },
};

export const GOAL_WORDS: Record<RunStatistics["goal"]["reached"], { text: string; sign: string }> = {
  met: { text: "met", sign: "✓" },
  "not met": { text: "not met", sign: "✗" },
  "too few": { text: "too few to tell", sign: "·" },
};

export const wayOf = ({ direction }: Pick<SimulatedTrade, "direction">) => (direction > 0 ? "long" : "short");

/** Won: something is left after costs; null where that is not known. */
export const hasWon = ({ net }: Pick<SimulatedTrade, "net">) => (net === null ? null : net > 0);

const at = (value: number | null) => (value === null ? "?" : exact(value));

/** One trade in two sentences, as marks on a chart tell it. */
export const tradeWords = (trade: SimulatedTrade): { entered: string; left: string } => ({
  entered: `In ${wayOf(trade)} at ${at(trade.entry)}.`,
  left: `Out of the ${wayOf(trade)} at ${at(trade.exit)} (${trade.reason}): ${trade.net === null ? "?" : netPercent(trade.net)} net.`,
});
