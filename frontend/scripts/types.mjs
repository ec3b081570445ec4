// Types of the API from its document. `node scripts/types.mjs` writes them; a test holds the
// committed file to what this makes (tests/schema.test.ts).
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";

const api = join(dirname(fileURLToPath(import.meta.url)), "../src/api");
export const TYPES = join(api, "schema.ts");

const HEAD = `/**
 * Made from openapi.json by \`npm run types\`: change the API, not this file.
 */

`;

export async function makeTypes() {
  const document = JSON.parse(readFileSync(join(api, "openapi.json"), "utf8"));
  return HEAD + astToString(await openapiTS(document));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TYPES, await makeTypes());
