import type { Node } from "./tree";

/** How tightly a form binds; an operand that binds less needs parentheses. */
const BINDING = { any: 0, all: 1, not: 2, in: 3, compared: 3, sum: 4, product: 5, negative: 6, atom: 7 } as const;

const SUFFIXES = [["B", 1e9], ["M", 1e6], ["k", 1e3]] as const;

/** A short text that reads back as the same number: 50M. */
export function numberText(value: number): string {
  if (!Number.isSafeInteger(value) || value === 0) return String(value).replace("e+", "e");
  for (const [suffix, size] of SUFFIXES) {
    if (value % size === 0) return `${value / size}${suffix}`;
  }
  return String(value);
}

const quoted = (value: string) => (value.includes('"') ? `'${value}'` : `"${value}"`);

function binding(node: Node): number {
  if (node.form === "arithmetic") return node.sign === "+" || node.sign === "-" ? BINDING.sum : BINDING.product;
  if (node.form === "any" || node.form === "all" || node.form === "not") return BINDING[node.form];
  if (node.form === "in" || node.form === "compared" || node.form === "negative") return BINDING[node.form];
  return BINDING.atom;
}

const operand = (node: Node, level: number) => (binding(node) >= level ? unparse(node) : `(${unparse(node)})`);

function pair(node: Node & { form: "arithmetic" | "compared" }): string {
  // The right side of a chain is evaluated first only where parentheses say so.
  const [level, right] = node.form === "compared" ? [BINDING.sum, BINDING.sum] : [binding(node), binding(node) + 1];
  return `${operand(node.left, level)} ${node.sign} ${operand(node.right, right)}`;
}

/** The normal form: full names, plain numbers, only parentheses that are needed. */
export function unparse(node: Node): string {
  switch (node.form) {
    case "number":
      return numberText(node.value);
    case "text":
      return quoted(node.value);
    case "column":
      return node.name;
    case "negative":
      return `-${operand(node.inner, BINDING.negative)}`;
    case "absolute":
      return `abs(${unparse(node.inner)})`;
    case "not":
      return `not ${operand(node.inner, BINDING.not)}`;
    case "in":
      return `${operand(node.item, BINDING.sum)} in (${node.choices.map(unparse).join(", ")})`;
    case "all":
      return node.parts.map((part) => operand(part, BINDING.not)).join(" and ");
    case "any":
      return node.parts.map((part) => operand(part, BINDING.all)).join(" or ");
    default:
      return pair(node);
  }
}
