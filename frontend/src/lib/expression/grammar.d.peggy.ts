import type { Raw } from "./raw";

export interface Expectation {
  type: string;
  description?: string;
}

export class SyntaxError extends Error {
  expected: Expectation[] | null;
  location: { start: { offset: number } };
}

export function parse(text: string): Raw;
