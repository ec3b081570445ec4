import { children, type Node } from "./tree";

/**
 * A constant typed with `%` counts percents beside a number that is in percents, hundredths elsewhere:
 * `oi_delta > 2%` is `oi_delta > 2`, `funding > 0.01%` is `funding > 0.0001`.
 */
export function percentsAlike(left: Node, right: Node): [Node, Node] {
  if (isPercent(right)) return [inPercents(left), right];
  return isPercent(left) ? [left, inPercents(right)] : [left, right];
}

function inPercents(node: Node): Node {
  if (node.form === "number" && node.percent !== null) return { ...node, value: node.percent, percent: null };
  if (node.form === "negative" || node.form === "absolute") return { ...node, inner: inPercents(node.inner) };
  return node;
}

/** Whether a number is one of percents: a column that is, or one that is scaled or summed. */
function isPercent(node: Node): boolean {
  if (node.form === "column") return node.unit === "%";
  if (node.form === "negative" || node.form === "absolute") return isPercent(node.inner);
  return node.form === "arithmetic" && isPercentSum(node);
}

function isPercentSum({ sign, left, right }: Node & { form: "arithmetic" }): boolean {
  if (sign === "+" || sign === "-") return isPercent(left) || isPercent(right);
  const scaled = isPercent(left) && isConstant(right);
  return sign === "/" ? scaled : scaled || (isPercent(right) && isConstant(left));
}

function isConstant(node: Node): boolean {
  const inner = children(node);
  return node.form === "number" || (inner.length > 0 && inner.every(isConstant));
}
