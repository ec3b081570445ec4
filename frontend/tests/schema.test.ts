import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

import { makeTypes, TYPES } from "../scripts/types.mjs";

it("the committed types are what the API's document makes (npm run types)", async () => {
  expect(readFileSync(TYPES, "utf8")).toBe(await makeTypes());
});
