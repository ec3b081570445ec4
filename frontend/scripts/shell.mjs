// A Vite plugin: tells the worker (src/sw/worker.ts) which files the page is made of, and a version
// that changes with any of them.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const WORKER = "sw.js";

const contentOf = (output) => (output.type === "chunk" ? output.code : output.source);

const publicFiles = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

export function shell() {
  let publicDir = "";
  return {
    name: "shell",
    enforce: "post",
    apply: "build",
    configResolved(config) {
      publicDir = config.publicDir;
    },
    generateBundle(_options, bundle) {
      const worker = bundle[WORKER];
      if (worker?.type !== "chunk" || worker.imports.length > 0) {
        this.error(`${WORKER} must be one file of its own: a worker that imports is not installed everywhere`);
      }
      const parts = new Map();
      for (const [name, output] of Object.entries(bundle)) {
        if (name === WORKER || name.startsWith(".vite/") || name.endsWith(".map")) continue;
        parts.set(name === "index.html" ? "/" : `/${name}`, contentOf(output));
      }
      for (const path of publicFiles(publicDir)) {
        parts.set(path.slice(publicDir.length).replaceAll("\\", "/"), readFileSync(path));
      }
      const names = [...parts.keys()].sort();
      const hash = createHash("sha256");
      for (const name of names) hash.update(name).update(parts.get(name));
      const version = hash.digest("hex").slice(0, 16);
      worker.code = `const SHELL=${JSON.stringify(names)},SHELL_VERSION="${version}";\n${worker.code}`;
    },
  };
}
