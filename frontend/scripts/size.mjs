// Checks the first load against its budget (kB after gzip -9): what index.html names, and what
// those files import statically. Lazy chunks have a budget of their own.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_KB = { js: 120, css: 15, lazy: 120 };
const dist = new URL("../dist/", import.meta.url).pathname;

const kb = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1000;

const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));
const initial = new Set();
const styles = new Set();
const visit = (name) => {
  const chunk = manifest[name];
  if (initial.has(chunk.file)) return;
  initial.add(chunk.file);
  for (const css of chunk.css ?? []) styles.add(css);
  for (const next of chunk.imports ?? []) visit(next);
};
visit("index.html");

const sum = (files) => [...files].reduce((total, file) => total + kb(file), 0);
const lazy = Object.values(manifest)
  .map((chunk) => chunk.file)
  .filter((file) => file.endsWith(".js") && !initial.has(file));

const checks = [
  ["initial JS", sum(initial), BUDGET_KB.js],
  ["initial CSS", sum(styles), BUDGET_KB.css],
  ...[...new Set(lazy)].map((file) => [`lazy ${file}`, kb(file), BUDGET_KB.lazy]),
];
let failed = false;
for (const [name, size, limit] of checks) {
  const over = size > limit;
  failed ||= over;
  console.log(`${over ? "OVER" : "ok  "}  ${name.padEnd(40)} ${size.toFixed(1).padStart(7)} kB gz of ${limit}`);
}
process.exit(failed ? 1 : 0);
