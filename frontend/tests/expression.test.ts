import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { MetricRow } from "../src/api/types";
import { compile, tryCompile } from "../src/lib/expression/compile";
import { ExpressionProblem } from "../src/lib/expression/problem";
import { unparse } from "../src/lib/expression/unparse";

interface Case {
  expression: string;
  row: Partial<MetricRow>;
  expected: boolean | null | { position: number };
}

/** The server's own cases: page and server agree on each of them. */
const FIXTURES = join(import.meta.dirname, "../../tests/fixtures/expressions.json");
const CASES = JSON.parse(readFileSync(FIXTURES, "utf8")) as Case[];

const allowed = (text: string) => {
  const found = tryCompile(text);
  return found instanceof ExpressionProblem ? `${found.position} ${found.found}: ${found.allowed}` : "none";
};

describe("expressions", () => {
  it.each(CASES.map((one): [string, Case] => [one.expression, one]))("%s", (text, { row, expected }) => {
    const found = tryCompile(text);
    const answer = found instanceof ExpressionProblem ? { position: found.position } : found.of(row as MetricRow);
    expect(answer).toEqual(expected);
  });

  it("reads back what it writes as the same condition", () => {
    for (const { expression, expected } of CASES) {
      if (expected !== null && typeof expected === "object") continue;
      const written = unparse(compile(expression).tree);
      expect(unparse(compile(written).tree)).toBe(written);
    }
  });

  it("says in words what is wrong", () => {
    expect(allowed("z > 2 and fundng < 0")).toBe('10 fundng: funding (did you mean it?); a text goes in quotes: "fundng"');
    expect(allowed("2 < z < 3")).toContain("joined to the next by and");
    expect(allowed("z > 2 &&")).toBe("6 &&: and");
    expect(allowed('base = "BTC')).toContain("ends with the quote");
    expect(allowed("z > ")).toContain("a column, a number");
    expect(allowed("quality > 1")).toContain("is a list of words");
    expect(allowed(`z > ${"1".repeat(2000)}`)).toContain("at most 2000");
    expect(allowed(Array.from({ length: 70 }, () => "z > 1").join(" and "))).toContain("at most 200");
    expect(allowed(`${"(".repeat(30)}z${" + 1)".repeat(30)} > 1`)).toContain("24 levels");
  });

  it("names each column once", () => {
    expect(compile("z > 2 and z_score < 9 and abs(funding) > 0").columns).toEqual(["z_score", "funding"]);
  });
});
