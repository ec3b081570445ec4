/** What an expression is made of once its names are known and its parts fit together. */
export type Kind = "number" | "text" | "condition" | "tier";

export type Comparator = ">" | ">=" | "<" | "<=" | "=" | "!=";

interface Part {
  /** Offset of its first character in the text it was read from. */
  at: number;
}

export interface NumberPart extends Part {
  form: "number";
  value: number;
  /** As it was typed where `%` followed; `value` is a hundredth of it. */
  percent: number | null;
}

export interface TextPart extends Part {
  form: "text";
  value: string;
}

export interface ColumnPart extends Part {
  form: "column";
  name: string;
  kind: Kind;
  unit: string;
  /** The only texts it can have; empty: any. */
  values: readonly string[];
}

export type Node =
  | NumberPart
  | TextPart
  | ColumnPart
  | (Part & { form: "negative" | "absolute" | "not"; inner: Node })
  | (Part & { form: "arithmetic"; sign: "+" | "-" | "*" | "/"; left: Node; right: Node })
  | (Part & { form: "compared"; sign: Comparator; left: Node; right: Node })
  | (Part & { form: "in"; item: Node; choices: readonly Node[] })
  | (Part & { form: "all" | "any"; parts: readonly Node[] });

const NUMBERS: ReadonlySet<Node["form"]> = new Set(["number", "negative", "absolute", "arithmetic"] as const);

/** What a part stands for. */
export function kindOf(node: Node): Kind {
  if (node.form === "column") return node.kind;
  if (node.form === "text") return "text";
  return NUMBERS.has(node.form) ? "number" : "condition";
}

/** The parts a part is made of, in the order they are written. */
export function children(node: Node): readonly Node[] {
  switch (node.form) {
    case "negative":
    case "absolute":
    case "not":
      return [node.inner];
    case "arithmetic":
    case "compared":
      return [node.left, node.right];
    case "in":
      return [node.item, ...node.choices];
    case "all":
    case "any":
      return node.parts;
    default:
      return [];
  }
}

/** A part and all parts in it, in the order they are written. */
export const walk = (node: Node): Node[] => [node, ...children(node).flatMap(walk)];

/** Levels of a part: 1 for a column or a constant. */
export const depth = (node: Node): number => 1 + Math.max(0, ...children(node).map(depth));
