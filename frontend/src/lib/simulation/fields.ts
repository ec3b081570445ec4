import type { RunSettings, Thresholds as ServerThresholds } from "../../api/types";

export type Entry = RunSettings["entry"];
export type Fire = RunSettings["fire"];
export type Direction = NonNullable<RunSettings["direction"]>;
export type Sizing = RunSettings["sizing"];
export type ThresholdName = keyof RunSettings["thresholds"];

/** Numbers of the form, by the names the server gives them in a refusal. */
export type NumberName =
  | "momentum_bars" | "hold" | "take_profit" | "stop_loss" | "trailing_stop" | "late" | "fee" | "slippage"
  | "size" | "capital" | "leverage" | "max_positions" | `thresholds.${ThresholdName}`;

/** A number as it is typed, and what the server allows. */
export interface NumberField {
  name: NumberName;
  label: string;
  unit: string;
  doc: string;
  /** What is typed over what is sent: 100 for percent. */
  scale: number;
  /** Limits of what is typed. */
  least: number;
  /** The least itself is not allowed. */
  above: boolean;
  /** Not allowed itself. */
  below: number;
  whole: boolean;
  /** Empty means none. */
  optional: boolean;
}

const field = (name: NumberName, label: string, unit: string, doc: string, rest: Partial<NumberField> = {}): NumberField => ({
  name, label, unit, doc, scale: 1, least: 0, above: false, below: Infinity, whole: false, optional: false, ...rest,
});

const PERCENT = { scale: 100 } as const;
const COUNT = { least: 1, whole: true } as const;

/** Everything but the thresholds and the size, whose unit depends on how trades are sized. */
export const NUMBERS = {
  momentum_bars: field("momentum_bars", "Move over", "bars", "The price's move over so many bars up to the signal says which way", COUNT),
  hold: field("hold", "Hold", "bars", "Out at the close of this bar, counted from the one entered in; empty: only a level ends the trade", { ...COUNT, optional: true }),
  take_profit: field("take_profit", "Take profit", "%", "Out when the price is so far in favour", { ...PERCENT, above: true, optional: true }),
  stop_loss: field("stop_loss", "Stop loss", "%", "Out when it is so far against; a gap through it fills at the open", { ...PERCENT, above: true, below: 100, optional: true }),
  trailing_stop: field("trailing_stop", "Trailing stop", "%", "Out when it falls so far back from its best", { ...PERCENT, above: true, below: 100, optional: true }),
  late: field("late", "Enter late by", "bars", "0: at the open of the bar after the signal", { whole: true }),
  fee: field("fee", "Fee", "% a side", "Taker fee of one side", { ...PERCENT, below: 10 }),
  slippage: field("slippage", "Slippage", "% a side", "What the fill is worse than the price, one side", { ...PERCENT, below: 10 }),
  capital: field("capital", "Capital", "USDT", "What the account begins with", { above: true }),
  leverage: field("leverage", "Leverage", "×", "How much a unit of cash may hold", { above: true }),
  max_positions: field("max_positions", "At most", "trades at a time", "Empty: any number", { ...COUNT, optional: true }),
} as const satisfies Partial<Record<NumberName, NumberField>>;

const SIZES: Record<Sizing, NumberField> = {
  equal: field("size", "Size", "", "The capital in equal parts, one for each pair", { optional: true }),
  amount: field("size", "Amount", "USDT a trade", "The same for every trade", { above: true }),
  share: field("size", "Share", "% of the account", "Of what the account is worth at the signal", { ...PERCENT, above: true }),
  risk: field("size", "Risk", "% of the account", "What the account loses when the stop is hit", { ...PERCENT, above: true }),
};

export const sizeField = (sizing: Sizing): NumberField => SIZES[sizing];

const threshold = (name: ThresholdName, label: string, unit: string, doc: string, rest: Partial<NumberField> = {}) =>
  field(`thresholds.${name}`, label, unit, doc, { least: -Infinity, optional: true, ...rest });

export const THRESHOLDS: Record<ThresholdName, NumberField> = {
  z: threshold("z", "Z above", "σ", "Jump of open interest against its own habit"),
  ls: threshold("ls", "LS above", "", "Accounts long per account short"),
  imbalance_pct: threshold("imbalance_pct", "Imbalance above", "%", "Takers' imbalance, either way"),
  oi_delta_pct: threshold("oi_delta_pct", "OI change above", "%", "Open interest over one bar"),
  funding_pct: threshold("funding_pct", "Funding above", "% per 8 h", "The last settled rate"),
  divergence_sigma: threshold("divergence_sigma", "Divergence above", "σ", "From the other exchanges"),
  confluence_min: threshold("confluence_min", "Conditions", "of 3", "How many must hold", { whole: true }),
  cooldown: threshold("cooldown", "Rest", "bars", "Between two alerts of one kind of a pair", { whole: true }),
};

/** The server's own thresholds, by the names a simulation has for them. */
export const IN_FORCE: Record<ThresholdName, keyof ServerThresholds> = {
  z: "z_threshold", ls: "ls_threshold", imbalance_pct: "imbalance_threshold", oi_delta_pct: "oi_delta_threshold",
  funding_pct: "funding_threshold", divergence_sigma: "divergence_sigma", confluence_min: "confluence_min", cooldown: "alert_cooldown",
};

const CONDITIONS: readonly ThresholdName[] = ["z", "ls", "imbalance_pct"];
const BY_TIER: Record<number, readonly ThresholdName[]> = {
  1: ["z"], 2: CONDITIONS, 3: ["oi_delta_pct"], 4: ["funding_pct"], 5: ["divergence_sigma"],
  6: [...CONDITIONS, "oi_delta_pct", "funding_pct", "divergence_sigma"],
};

/** The thresholds that an entry is judged by. */
export function thresholdsOf(entry: Entry, tier: number, fire: Fire): readonly ThresholdName[] {
  const judged: Record<Entry, readonly ThresholdName[]> = {
    tier: BY_TIER[tier] ?? [], confluence: [...CONDITIONS, "confluence_min"], rule: [], "obv-rsi": [],
  };
  // A cluster counts alerts of the other tiers, which rest whatever opens a trade here.
  const rests = entry !== "obv-rsi" && (fire === "alerts" || (entry === "tier" && tier === 6));
  return rests ? [...judged[entry], "cooldown"] : judged[entry];
}

interface Word<T> {
  value: T;
  label: string;
  title: string;
}

export const ENTRIES: readonly Word<Entry>[] = [
  { value: "tier", label: "An alert tier", title: "" },
  { value: "confluence", label: "Conditions agree", title: "Two or more of: Z, long/short, imbalance" },
  { value: "rule", label: "A condition of mine", title: "A saved filter, a rule, or a line you type" },
  { value: "obv-rsi", label: "OBV and RSI", title: "In when RSI turns up through 30 with OBV above its mean, out when either turns; short mirrored" },
];

export const FIRES: readonly Word<Fire>[] = [
  { value: "alerts", label: "As it begins", title: "As an alert starts: when it turns true, with its rest" },
  { value: "flags", label: "At every bar", title: "At each bar at which it holds" },
];

const DIRECTIONS: readonly Word<Direction>[] = [
  { value: "long", label: "▲ Long", title: "Every trade bets on a rise" },
  { value: "short", label: "▼ Short", title: "Every trade bets on a fall" },
  { value: "momentum", label: "With the move", title: "The way the price moved up to the signal" },
  { value: "fade", label: "Against the move", title: "Against the way the price moved up to the signal" },
  { value: "both", label: "Both", title: "Long and short, as OBV and RSI say" },
];

/** The ways an entry can be traded. */
export const directionsOf = (entry: Entry): readonly Word<Direction>[] =>
  DIRECTIONS.filter(({ value }) => (entry === "obv-rsi" ? ["both", "long", "short"].includes(value) : value !== "both"));

export const SIZINGS: readonly Word<Sizing>[] = [
  { value: "equal", label: "Equal parts", title: "The capital in equal parts, one for each pair" },
  { value: "amount", label: "Fixed amount", title: "The same amount for every trade" },
  { value: "share", label: "Share of the account", title: "A share of what the account is worth" },
  { value: "risk", label: "Risk a trade", title: "So large that the stop loses this share of the account" },
];
