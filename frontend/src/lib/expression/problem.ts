/** What is wrong with an expression, where, and what may stand there instead. */
export class ExpressionProblem extends Error {
  override name = "ExpressionProblem";
  constructor(
    /** Offset of the first character that is wrong. */
    readonly position: number,
    /** What came there. */
    readonly found: string,
    /** What is allowed there, in words. */
    readonly allowed: string,
  ) {
    super(`${found === "" ? "Nothing" : found} cannot stand here. Allowed: ${allowed}.`);
  }

  /** How many characters to mark; at least one, also at the end. */
  get length(): number {
    return Math.max(1, this.found === END ? 1 : this.found.length);
  }
}

export const END = "the end";
