import type { MetricRow } from "../../api/types";
import { type ColumnPart, type Comparator, kindOf, type Node } from "./tree";

const CONDITIONS = 3;
const COMPARE: Record<Comparator, (a: number, b: number) => boolean> = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};
const COMPUTE = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => a / b,
};

/** A flag of one tier: 1, 0, or NaN where the server says that it is unknown. */
function tierOf(row: MetricRow, tier: number): number {
  if (row.tiers === null || row.unknown_tiers?.includes(tier)) return NaN;
  return row.tiers?.includes(tier) ? 1 : 0;
}

/** A column of numbers or flags; NaN where it is unknown. */
function numberOf(row: MetricRow, { name, kind }: ColumnPart): number {
  if (kind === "condition") return tierOf(row, Number(name.slice("tier_".length)));
  if (name === "confluence_k") return row.confluence == null ? NaN : Math.round(row.confluence * CONDITIONS);
  const value = row[name as keyof MetricRow];
  return typeof value === "number" ? value : NaN;
}

/** One row that is asked; `known` turns false where something that is compared is unknown. */
class Asked {
  known = true;

  constructor(private readonly row: MetricRow) {}

  /** Every part is asked, whatever the others say: what it names must be known. */
  condition(node: Node): boolean {
    switch (node.form) {
      case "not":
        return !this.condition(node.inner);
      case "all":
        return node.parts.map((part) => this.condition(part)).every(Boolean);
      case "any":
        return node.parts.map((part) => this.condition(part)).some(Boolean);
      case "compared":
        return this.compare(node.sign, node.left, node.right);
      case "in":
        return node.choices.map((choice) => this.compare("=", node.item, choice)).some(Boolean);
      default:
        return this.operand(node) === 1;
    }
  }

  private compare(sign: Comparator, left: Node, right: Node): boolean {
    if (kindOf(left) !== "text") return COMPARE[sign](this.operand(left), this.operand(right));
    const [one, other] = [this.text(left), this.text(right)];
    if (one === null || other === null) this.known = false;
    return (one === other) === (sign === "=");
  }

  private text(node: Node): string | null {
    if (node.form === "text") return node.value.toLowerCase();
    const value = node.form === "column" ? this.row[node.name as keyof MetricRow] : null;
    return typeof value === "string" ? value.toLowerCase() : null;
  }

  private operand(node: Node): number {
    const value = this.number(node);
    if (!Number.isFinite(value)) this.known = false;
    return value;
  }

  private number(node: Node): number {
    switch (node.form) {
      case "number":
        return node.value;
      case "column":
        return numberOf(this.row, node);
      case "negative":
        return -this.number(node.inner);
      case "absolute":
        return Math.abs(this.number(node.inner));
      case "arithmetic": {
        const found = COMPUTE[node.sign](this.number(node.left), this.number(node.right));
        // Unknown at once: 1 / (x / 0) is no zero.
        return Number.isFinite(found) ? found : NaN;
      }
      default:
        return NaN;
    }
  }
}

/** Whether it holds for a row; null where anything it names is unknown, even if another part decides already. */
export function holds(tree: Node, row: MetricRow): boolean | null {
  const asked = new Asked(row);
  const found = asked.condition(tree);
  return asked.known ? found : null;
}
