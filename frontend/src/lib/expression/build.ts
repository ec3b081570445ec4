import { findColumn, otherNames, TIERS } from "./names";
import { percentsAlike } from "./percents";
import { ExpressionProblem } from "./problem";
import type { Raw, Sign } from "./raw";
import { type ColumnPart, type Comparator, depth, type Kind, kindOf, type Node } from "./tree";
import { unparse } from "./unparse";

const MAX_DEPTH = 24;
const POWERS: Record<string, number> = { k: 3, m: 6, b: 9, "%": -2 };
const EXAMPLES: Record<Kind, string> = {
  number: "a number, such as z_score or 50M",
  text: 'a text, such as base or "BTC"',
  condition: "a condition, such as z > 2 or tier_2",
  tier: "tests of one tier: tier = 2, tier in (1, 2), tier_2",
};

function checked(node: Node): Node {
  if (depth(node) > MAX_DEPTH) {
    throw new ExpressionProblem(node.at, unparse(node).slice(0, 40), `at most ${MAX_DEPTH} levels in one another`);
  }
  return node;
}

function ofKind(node: Node, kind: Kind): Node {
  if (kindOf(node) === "tier") throw new ExpressionProblem(node.at, "tier", EXAMPLES.tier);
  if (kindOf(node) !== kind) throw new ExpressionProblem(node.at, unparse(node), EXAMPLES[kind]);
  return node;
}

function number(typed: string, at: number): Node {
  const text = typed.toLowerCase();
  const power = POWERS[text.slice(-1)] ?? 0;
  const plain = power === 0 ? text : text.slice(0, -1);
  const [mantissa, exponent = "0"] = plain.split("e");
  // Shifted as written: 0.07 % is 0.0007 and not the product of two rounded numbers.
  const value = Number(`${mantissa}e${Number(exponent) + power}`);
  if (!Number.isFinite(value) || !Number.isFinite(Number(plain))) {
    throw new ExpressionProblem(at, typed, "a number below 1e308");
  }
  return { form: "number", value, percent: text.endsWith("%") ? Number(plain) : null, at };
}

function column(typed: string, at: number): Node {
  const found = findColumn(typed);
  if (found === undefined) throw new ExpressionProblem(at, typed, otherNames(typed));
  return { form: "column", ...found, at };
}

/** `tier = 2` as the flag it asks for. */
function tierFlag(left: Node, right: Node): ColumnPart {
  const asked = kindOf(left) === "tier" ? right : left;
  if (asked.form !== "number" || !TIERS.includes(asked.value)) {
    throw new ExpressionProblem(asked.at, unparse(asked), `${EXAMPLES.tier}; tiers ${TIERS.join(", ")}`);
  }
  return { form: "column", name: `tier_${asked.value}`, kind: "condition", unit: "", values: [], at: left.at };
}

function knownText(one: Node, other: Node): void {
  if (one.form !== "column" || other.form !== "text" || one.values.length === 0) return;
  if (one.values.includes(other.value.toLowerCase())) return;
  throw new ExpressionProblem(other.at, unparse(other), one.values.map((value) => `"${value}"`).join(" or "));
}

/** Both sides of a comparison: two numbers in one unit, or two texts. */
function sameKind(left: Node, right: Node): [Node, Node] {
  const kind = kindOf(left) === "text" ? "text" : "number";
  ofKind(left, kind);
  ofKind(right, kind);
  if (kind === "number") return percentsAlike(left, right);
  knownText(left, right);
  knownText(right, left);
  return [left, right];
}

const SAME: Record<string, Comparator> = { "==": "=", "<>": "!=" };

function compared(left: Node, typed: Sign, right: Node): Node {
  const sign = SAME[typed.text] ?? (typed.text as Comparator);
  const equality = sign === "=" || sign === "!=";
  if (kindOf(left) === "tier" || kindOf(right) === "tier") {
    const flag = tierFlag(left, right);
    if (!equality) throw new ExpressionProblem(typed.at, typed.text, EXAMPLES.tier);
    return sign === "=" ? flag : { form: "not", inner: flag, at: left.at };
  }
  const [one, other] = sameKind(left, right);
  if (kindOf(one) === "text" && !equality) throw new ExpressionProblem(typed.at, typed.text, "= or != between texts");
  return checked({ form: "compared", sign, left: one, right: other, at: left.at });
}

function oneOf(item: Node, choices: readonly Node[]): Node {
  if (kindOf(item) === "tier") {
    const flags = choices.map((choice) => tierFlag(item, choice));
    return flags.length === 1 && flags[0] ? flags[0] : checked({ form: "any", parts: flags, at: item.at });
  }
  const pairs = choices.map((choice) => sameKind(item, choice));
  return checked({ form: "in", item: pairs[0]?.[0] ?? item, choices: pairs.map(([, choice]) => choice), at: item.at });
}

/** Conditions joined by one word; a chain within a chain is one chain. */
function joined(form: "all" | "any", conditions: readonly Node[]): Node {
  const parts = conditions.flatMap((one) => (one.form === form ? one.parts : [one]));
  for (const part of parts) ofKind(part, "condition");
  return checked({ form, parts, at: parts[0]?.at ?? 0 });
}

function arithmetic(sign: "+" | "-" | "*" | "/", left: Node, right: Node): Node {
  ofKind(left, "number");
  ofKind(right, "number");
  const [one, other] = sign === "+" || sign === "-" ? percentsAlike(left, right) : [left, right];
  return checked({ form: "arithmetic", sign, left: one, right: other, at: left.at });
}

function membership(item: Node, choices: readonly Node[], none: boolean): Node {
  const found = oneOf(item, choices);
  return none ? checked({ form: "not", inner: found, at: found.at }) : found;
}

const unary = (form: "negative" | "absolute" | "not", inner: Node, at: number): Node =>
  checked({ form, inner: ofKind(inner, form === "not" ? "condition" : "number"), at });

/** One maker for each form of the grammar; parts are judged in the order they are written. */
const MAKERS: { [F in Raw["form"]]: (raw: Raw & { form: F }) => Node } = {
  number: ({ typed, at }) => number(typed, at),
  text: (raw) => raw,
  column: ({ typed, at }) => column(typed, at),
  negative: ({ inner, at }) => unary("negative", nodeOf(inner), at),
  absolute: ({ inner, at }) => unary("absolute", nodeOf(inner), at),
  not: ({ inner, at }) => unary("not", nodeOf(inner), at),
  arithmetic: ({ sign, left, right }) => arithmetic(sign, nodeOf(left), nodeOf(right)),
  compared: ({ sign, item, other }) => compared(nodeOf(item), sign, nodeOf(other)),
  in: ({ item, choices, none }) => membership(nodeOf(item), choices.map(nodeOf), none),
  all: ({ parts }) => joined("all", parts.map(nodeOf)),
  any: ({ parts }) => joined("any", parts.map(nodeOf)),
};

const nodeOf = (raw: Raw): Node => (MAKERS[raw.form] as (raw: Raw) => Node)(raw);

/** The tree of a whole expression: a condition whose parts fit together; throws ExpressionProblem. */
export const build = (raw: Raw): Node => ofKind(nodeOf(raw), "condition");
