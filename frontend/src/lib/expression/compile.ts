import type { MetricRow } from "../../api/types";
import { build } from "./build";
import { holds } from "./evaluate";
import { type Expectation, parse, SyntaxError } from "./grammar.peggy";
import { END, ExpressionProblem } from "./problem";
import type { Raw } from "./raw";
import { type ColumnPart, type Node, walk } from "./tree";

const MAX_LENGTH = 2000;
const MAX_PARTS = 200;
const SHOWN = 40;

/** A condition on columns of a newest row. */
export interface Expression {
  text: string;
  tree: Node;
  /** The columns it names, each once, in order. */
  columns: readonly string[];
  /** Whether it holds; null where anything it names is unknown. */
  of: (row: MetricRow) => boolean | null;
}

const HINTS: Record<string, string> = { "&": "and", "|": "or", "!": "not or !=", "“": 'straight quotes "…"', "”": 'straight quotes "…"' };

/** The order in which what is allowed is told. */
const ORDER = [
  "a column", "a number", 'a text in quotes ("BTC")', "abs(…)", "(", "not", "> >= < <= = !=", "in (…)",
  "+", "-", "* /", "and", "or", ")", ",", END,
];

const wordOf = ({ type, description = "" }: Expectation) => (type === "end" ? END : description);

function allowedWords(expected: readonly Expectation[]): string {
  const words = new Set(expected.map(wordOf));
  return ORDER.filter((word) => words.has(word)).join(", ");
}

function allowedAt(found: string, expected: readonly Expectation[]): string {
  const words = allowedWords(expected);
  if (/^[<>=!]=?$/.test(found) && words.includes("and")) return "one comparison, joined to the next by and: 2 < z and z < 3";
  if (found === "(") return `${words}; abs(…) is the only function`;
  if (/^["']/.test(found)) return found.length > 1 && found.endsWith(found.charAt(0)) ? words : "a text that ends with the quote it begins with";
  return HINTS[found.charAt(0)] ?? words;
}

const TOKEN = /^(\w+|"[^"\n]*"?|'[^'\n]*'?|[<>=!]=?|\S+?(?=[\s\w]|$))/;

function syntaxProblem(error: SyntaxError, text: string): ExpressionProblem {
  const { offset } = error.location.start;
  const expected = error.expected ?? [];
  if (offset >= text.length) return new ExpressionProblem(text.trimEnd().length, END, allowedWords(expected));
  const found = (TOKEN.exec(text.slice(offset))?.[0] ?? text.charAt(offset)).slice(0, SHOWN);
  return new ExpressionProblem(offset, found, allowedAt(found, expected));
}

function rawOf(text: string): Raw {
  try {
    return parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw syntaxProblem(cause, text);
    throw cause;
  }
}

/** Reads an expression; throws ExpressionProblem with the place, what came and what is allowed. */
export function compile(text: string): Expression {
  if (text.length > MAX_LENGTH) throw new ExpressionProblem(MAX_LENGTH, `${text.length} characters`, `at most ${MAX_LENGTH}`);
  const tree = build(rawOf(text));
  const parts = walk(tree);
  if (parts.length > MAX_PARTS) {
    throw new ExpressionProblem(parts[MAX_PARTS]?.at ?? 0, `${parts.length} names, numbers and operators`, `at most ${MAX_PARTS}`);
  }
  const named = parts.filter((part): part is ColumnPart => part.form === "column");
  if (named.length === 0) throw new ExpressionProblem(0, text.trim().slice(0, SHOWN), "a condition on at least one column");
  return { text, tree, columns: [...new Set(named.map(({ name }) => name))], of: (row) => holds(tree, row) };
}

/** The expression, or what is wrong with it. */
export function tryCompile(text: string): Expression | ExpressionProblem {
  try {
    return compile(text);
  } catch (cause) {
    if (cause instanceof ExpressionProblem) return cause;
    throw cause;
  }
}
