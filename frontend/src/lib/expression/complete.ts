import { aliases, columns, findColumn, type Meaning } from "./names";

/** What may be written at the caret. */
export interface Suggestion {
  /** Put in place of what is typed from `from` to the caret. */
  insert: string;
  /** What it is, in a few words. */
  hint: string;
}

export interface Completion {
  from: number;
  options: Suggestion[];
}

const MAX = 12;
const NONE: Completion = { from: 0, options: [] };
const SUFFIXES: readonly Suggestion[] = [
  { insert: "k", hint: "thousand" },
  { insert: "M", hint: "million" },
  { insert: "B", hint: "billion" },
  { insert: "%", hint: "percent" },
];
const OPERATORS: readonly Suggestion[] = [
  { insert: "> ", hint: "greater than" },
  { insert: ">= ", hint: "at least" },
  { insert: "< ", hint: "less than" },
  { insert: "<= ", hint: "at most" },
  { insert: "= ", hint: "equal to" },
  { insert: "!= ", hint: "not equal to" },
  { insert: "in (", hint: "one of several" },
];
const TEXT_OPERATORS = OPERATORS.filter(({ insert }) => ["= ", "!= ", "in ("].includes(insert));
const JOINTS: readonly Suggestion[] = [
  { insert: "and ", hint: "both must hold" },
  { insert: "or ", hint: "one of them must hold" },
];

const hintOf = ({ name, kind, unit }: Meaning, short: string | null) => {
  const what = kind === "condition" ? "true or false" : kind === "text" ? "text" : unit;
  return [short === null ? null : `short for ${name}`, what].filter(Boolean).join(", ");
};

/** Columns by their names and short names, those that begin with what is typed first. */
function columnOptions(typed: string): Suggestion[] {
  const lower = typed.toLowerCase();
  const short = aliases().flatMap(([alias, name]) => {
    const found = findColumn(name);
    return found ? [{ insert: alias, hint: hintOf(found, alias) }] : [];
  });
  const all = [...short, ...columns().map((column) => ({ insert: column.name, hint: hintOf(column, null) }))];
  const starts = all.filter(({ insert }) => insert.startsWith(lower));
  const within = all.filter(({ insert }) => !insert.startsWith(lower) && insert.includes(lower));
  const words = ["not ", "abs("].filter((word) => lower !== "" && word.startsWith(lower)).map((insert) => ({ insert, hint: "" }));
  return [...starts, ...words, ...within].slice(0, MAX);
}

const starting = (options: readonly Suggestion[], typed: string) =>
  options.filter(({ insert }) => insert.startsWith(typed.toLowerCase()));

/** The texts a column can have, after `exchange = ` or within `exchange in (`. */
function valueOptions(before: string): Completion | null {
  const match = /(\w+)\s*(?:=|==|!=|<>|(?:not\s+)?in\s*\((?:[^()]*,)?)\s*(["']?)([^"'(),]*)$/i.exec(before);
  const column = match?.[1] === undefined ? undefined : findColumn(match[1]);
  if (!match || column === undefined || column.values.length === 0) return null;
  const [, , quote = "", typed = ""] = match;
  const options = column.values.filter((value) => value.startsWith(typed.toLowerCase()));
  return { from: before.length - typed.length - quote.length, options: options.map((value) => ({ insert: `"${value}"`, hint: column.name })) };
}

const OPERAND_BEFORE = /(^|[<>=!+\-*/(,]|\b(?:and|or|not))\s*$/i;
const ENDED = /(\w+|[%)"'])\s+$/;

/** Operators behind a column, `and` behind a whole comparison. */
function after(before: string, typed: string, from: number): Completion {
  const [, last = ""] = ENDED.exec(before) ?? [];
  const column = findColumn(last);
  const compared = /[<>=]\s*[^<>=]*$/.test(before.split(/\b(?:and|or)\b/i).pop() ?? "");
  if (column === undefined || compared || column.kind === "condition") return { from, options: starting(JOINTS, typed) };
  return { from, options: starting(column.kind === "number" ? OPERATORS : TEXT_OPERATORS, typed) };
}

/** What may follow at the caret. */
export function complete(text: string, caret: number): Completion {
  const before = text.slice(0, caret);
  const values = valueOptions(before);
  if (values !== null) return values;
  const number = /(?:^|[^\w.])(\d+(?:\.\d*)?|\.\d+)$/.exec(before);
  if (number) return { from: caret, options: [...SUFFIXES] };
  const typed = /[a-z_]\w*$/i.exec(before)?.[0] ?? "";
  const rest = before.slice(0, before.length - typed.length);
  const from = caret - typed.length;
  if (OPERAND_BEFORE.test(rest)) return { from, options: columnOptions(typed) };
  return ENDED.test(rest) ? after(rest, typed, from) : NONE;
}
