import { aliases } from "./names";
import type { ColumnPart, Comparator, Node } from "./tree";
import { numberText } from "./unparse";

/** One condition as a form has it: a column, a comparison, a value as it is typed. */
export interface Condition {
  /** Full name of the column. */
  column: string;
  /** `is` and `is not` for what is true or false. */
  operator: Comparator | "is" | "is not";
  /** Empty for what is true or false. */
  value: string;
}

/** Of several short names the first is written. */
const SHORT = new Map(aliases().map(([alias, name]): [string, string] => [name, alias]).reverse());

const isColumn = (node: Node): node is ColumnPart => node.form === "column";

function valueText(node: Node): string | null {
  if (node.form === "text") return node.value;
  if (node.form === "number") return node.percent === null ? numberText(node.value) : `${node.percent}%`;
  if (node.form === "negative") {
    const inner = valueText(node.inner);
    return inner === null ? null : `-${inner}`;
  }
  return null;
}

function compared({ left, right, sign }: Node & { form: "compared" }): Condition | null {
  const value = valueText(right);
  return isColumn(left) && value !== null ? { column: left.name, operator: sign, value } : null;
}

function conditionOf(node: Node): Condition | null {
  if (node.form === "compared") return compared(node);
  if (isColumn(node)) return { column: node.name, operator: "is", value: "" };
  if (node.form === "not" && isColumn(node.inner)) return { column: node.inner.name, operator: "is not", value: "" };
  return null;
}

/** An expression as conditions joined by `and`; null when it says more than a form can. */
export function conditionsOf(tree: Node): Condition[] | null {
  const found = (tree.form === "all" ? tree.parts : [tree]).map(conditionOf);
  return found.every((one) => one !== null) ? found : null;
}


function written({ column, operator, value }: Condition, kind: string): string {
  const name = SHORT.get(column) ?? column;
  if (operator === "is") return name;
  if (operator === "is not") return `not ${name}`;
  return `${name} ${operator} ${kind === "text" ? `"${value.replaceAll('"', "")}"` : value}`;
}

/** Conditions in the grammar; `kinds` tells texts, which go in quotes. */
export const textOf = (conditions: readonly Condition[], kinds: (column: string) => string): string =>
  conditions.map((one) => written(one, kinds(one.column))).join(" and ");

