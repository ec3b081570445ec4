import type { Run, RunSettings, Settings, SimulationRequest } from "../../api/types";
import type { Choice } from "../stored";
import { numberOf, plain } from "../thresholds";
import {
  type Direction, directionsOf, ENTRIES, type Entry, type Fire, FIRES, IN_FORCE, type NumberField, type NumberName, NUMBERS, sizeField,
  type Sizing, SIZINGS, THRESHOLDS, type ThresholdName, thresholdsOf,
} from "./fields";

/** The form as it stands; numbers as they are typed. */
export interface Form {
  entry: Entry;
  tier: number;
  rule: string;
  fire: Fire;
  direction: Direction;
  funding: boolean;
  sizing: Sizing;
  cash_limit: boolean;
  numbers: Readonly<Partial<Record<NumberName, string>>>;
  /** "": the first of the server's. */
  tf: string;
  /** "": all. */
  exchange: string;
  /** Coins or symbols as typed; "": all. */
  symbols: string;
  /** Milliseconds UTC as text; "": as far as there is. */
  start: string;
  end: string;
}

export const FIRST_FORM: Form = {
  entry: "tier", tier: 1, rule: "", fire: "alerts", direction: "long", funding: true, sizing: "equal", cash_limit: false,
  numbers: { momentum_bars: "1", hold: "6", late: "0", fee: "0.05", slippage: "0.01", capital: "10000", leverage: "1" },
  tf: "", exchange: "", symbols: "", start: "", end: "",
};

const wordIn = <T extends string>(words: readonly { value: T }[], value: unknown, fallback: T): T =>
  words.find((word) => word.value === value)?.value ?? fallback;

/** What another entry usually goes with: OBV and RSI say both ways and the way out themselves. */
function usually(form: Form, entry: Entry): Partial<Form> {
  if (entry === form.entry || (entry !== "obv-rsi" && form.entry !== "obv-rsi")) return {};
  if (entry === "obv-rsi") return { direction: "both", numbers: { ...form.numbers, hold: "" } };
  return { numbers: { ...form.numbers, hold: form.numbers.hold || (FIRST_FORM.numbers.hold ?? "") } };
}

/** The form after a change: what no longer fits the entry is put right. */
export function changed(form: Form, patch: Partial<Form>): Form {
  const next = { ...form, ...usually(form, patch.entry ?? form.entry), ...patch };
  const ways = directionsOf(next.entry);
  const direction = wordIn(ways, next.direction, ways[0]?.value ?? "long");
  return { ...next, direction, fire: next.entry === "obv-rsi" ? "alerts" : next.fire };
}

/** A field of the form by the server's name of it. */
export type FieldName = NumberName | "rule" | "symbols" | "start" | "end" | "tf" | "exchange" | "tier" | "direction" | "sizing" | "fire";

export type Hints = Readonly<Partial<Record<FieldName, string>>>;

const within = ({ least, above, below }: NumberField, value: number) =>
  (above ? value > least : value >= least) && value < below;

function allowedOf({ least, above, below, whole }: NumberField): string {
  const kind = whole ? "a whole number" : "a number";
  const from = least === -Infinity ? "" : above ? ` above ${least}` : ` from ${least}`;
  return `${kind}${from}${below === Infinity ? "" : `${from === "" ? "" : " and"} below ${below}`}`;
}

/** What is wrong with a number as it is typed; null: nothing. */
export function wrongWith(field: NumberField, text: string): string | null {
  if (text.trim() === "") return field.optional ? null : `Missing: ${allowedOf(field)}.`;
  const value = numberOf(text);
  const fine = value !== null && within(field, value) && (!field.whole || Number.isInteger(value));
  return fine ? null : `Allowed: ${allowedOf(field)}${field.optional ? ", or none" : ""}.`;
}

/** The number fields that a form makes use of. */
export function fieldsOf(form: Form): NumberField[] {
  const { momentum_bars: momentum, leverage, ...always } = NUMBERS;
  return [
    ...thresholdsOf(form.entry, form.tier, form.fire).map((name) => THRESHOLDS[name]),
    ...(form.direction === "momentum" || form.direction === "fade" ? [momentum] : []),
    ...Object.values(always),
    ...(form.cash_limit ? [leverage] : []),
    ...(form.sizing === "equal" ? [] : [sizeField(form.sizing)]),
  ];
}

/** The fields of a form that can say what is wrong with them. */
export const tellingFields = (form: Form): ReadonlySet<string> =>
  new Set<FieldName>([
    ...fieldsOf(form).map(({ name }) => name),
    ...(form.entry === "rule" ? (["rule"] as const) : []),
    ...(form.entry === "obv-rsi" ? [] : (["fire"] as const)),
    "tier", "direction", "sizing", "symbols", "start", "end",
  ]);

export const textOf = (form: Form, name: NumberName) => form.numbers[name] ?? "";
const given = (form: Form, name: NumberName) => textOf(form, name).trim() !== "";

function exitHints(form: Form): Hints {
  const levels = (["take_profit", "stop_loss", "trailing_stop"] as const).filter((name) => given(form, name));
  const hints: Partial<Record<FieldName, string>> = {};
  if (!given(form, "hold") && levels.length === 0 && form.entry !== "obv-rsi") hints.hold = "A trade needs a way out: so many bars, or one of the levels.";
  if (form.direction !== "long" && (numberOf(textOf(form, "take_profit")) ?? 0) >= 100) hints.take_profit = "Allowed: below 100 unless every trade is long.";
  const stopped = levels.some((name) => name !== "take_profit");
  if (form.sizing === "risk" && !stopped) hints.sizing = "Risk is measured to the stop: give a stop loss or a trailing stop.";
  return hints;
}

function otherHints(form: Form): Hints {
  const hints: Partial<Record<FieldName, string>> = {};
  if (form.entry === "rule" && form.rule.trim() === "") hints.rule = "Type a condition, or choose one.";
  if (form.start !== "" && form.end !== "" && Number(form.start) >= Number(form.end)) hints.end = "It lies before the start.";
  return hints;
}

/** What the server would refuse, by field, before it is asked. */
export function hintsOf(form: Form): Hints {
  const numbers = fieldsOf(form).flatMap((field) => {
    const wrong = wrongWith(field, textOf(form, field.name));
    return wrong === null ? [] : [[field.name, wrong] as const];
  });
  return { ...exitHints(form), ...otherHints(form), ...Object.fromEntries(numbers) };
}

/** What is sent for a field; null where nothing is typed. Fractions keep no dust of the division. */
function valueOf(form: Form, field: NumberField): number | null {
  const typed = numberOf(textOf(form, field.name));
  return typed === null ? null : Number((typed / field.scale).toPrecision(12));
}

/** The symbols that somebody means by coins and symbols with commas or blanks between them. */
export function symbolsOf(typed: string, known: readonly { symbol: string; base: string }[]): string[] | null {
  const words = typed.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length === 0) return null;
  const found = words.flatMap((word) => {
    const text = word.toUpperCase();
    const fits = known.filter(({ symbol, base }) => symbol.toUpperCase() === text || base.toUpperCase() === text);
    return fits.length > 0 ? fits.map(({ symbol }) => symbol) : [word];
  });
  return [...new Set(found)];
}

function thresholdsFor(form: Form, inForce: Settings["thresholds"] | undefined): Partial<Record<ThresholdName, number>> {
  const used = new Set(thresholdsOf(form.entry, form.tier, form.fire));
  const values = (Object.keys(THRESHOLDS) as ThresholdName[]).map((name) => {
    const typed = used.has(name) ? valueOf(form, THRESHOLDS[name]) : null;
    return [name, typed ?? inForce?.[IN_FORCE[name]] ?? null] as const;
  });
  return Object.fromEntries(values.filter((pair): pair is readonly [ThresholdName, number] => pair[1] !== null));
}

const momentOf = (text: string) => (text === "" ? null : Number(text));

/** What the server is asked; thresholds that nobody typed are those in force. */
export function requestOf(
  form: Form, tf: string, known: readonly { symbol: string; base: string }[], inForce: Settings["thresholds"] | undefined,
): SimulationRequest {
  const numbers = Object.fromEntries(
    fieldsOf(form).filter(({ name }) => !name.startsWith("thresholds.")).map((field) => [field.name, valueOf(form, field)]),
  );
  return {
    data: { tf, start: momentOf(form.start), end: momentOf(form.end), exchange: form.exchange, symbols: symbolsOf(form.symbols, known) },
    settings: {
      ...numbers,
      entry: form.entry,
      tier: form.entry === "tier" ? (form.tier as RunSettings["tier"]) : null,
      rule: form.entry === "rule" ? form.rule.trim() : null,
      fire: form.fire, direction: form.direction, funding: form.funding, sizing: form.sizing, cash_limit: form.cash_limit,
      thresholds: thresholdsFor(form, inForce),
    },
  };
}

/** A number as somebody would type it. */
const typedOf = (value: number | null, scale: number) => (value === null ? "" : plain(value * scale));

/** The form that asks for a run again. */
export function formOf({ settings, data }: Pick<Run, "settings" | "data">): Form {
  const fields = [...(Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]).map((name) => [name, NUMBERS[name].scale] as const), ["size", sizeField(settings.sizing).scale] as const];
  const typed = fields.map(([name, scale]) => [name, typedOf(settings[name], scale)] as const);
  const limits = Object.entries(settings.thresholds).map(([name, value]) => [`thresholds.${name}`, typedOf(value, 1)] as const);
  return changed(FIRST_FORM, {
    entry: settings.entry, tier: settings.tier ?? FIRST_FORM.tier, rule: settings.rule ?? "", fire: settings.fire,
    direction: settings.direction ?? FIRST_FORM.direction, funding: settings.funding, sizing: settings.sizing, cash_limit: settings.cash_limit,
    numbers: Object.fromEntries([...typed, ...limits]),
    tf: data.tf, exchange: data.exchange, symbols: data.symbols.join(", "), start: String(data.start), end: String(data.end),
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const textIn = (value: unknown) => (typeof value === "string" ? value : "");

/** A form as it was stored; what no longer fits is as at first. */
export function readForm(stored: unknown): Form | null {
  if (!isRecord(stored)) return null;
  const numbers = isRecord(stored.numbers) ? stored.numbers : {};
  const texts = Object.entries(numbers).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return changed(FIRST_FORM, {
    entry: wordIn(ENTRIES, stored.entry, FIRST_FORM.entry),
    tier: typeof stored.tier === "number" && [1, 2, 3, 4, 5, 6].includes(stored.tier) ? stored.tier : FIRST_FORM.tier,
    rule: textIn(stored.rule),
    fire: wordIn(FIRES, stored.fire, FIRST_FORM.fire),
    direction: stored.direction as Direction,
    funding: stored.funding !== false,
    sizing: wordIn(SIZINGS, stored.sizing, FIRST_FORM.sizing),
    cash_limit: stored.cash_limit === true,
    numbers: Object.fromEntries(texts),
    tf: textIn(stored.tf), exchange: textIn(stored.exchange), symbols: textIn(stored.symbols),
    start: textIn(stored.start), end: textIn(stored.end),
  });
}

export const FORM: Choice<Form> = { name: "simulate", fallback: FIRST_FORM, read: readForm };
