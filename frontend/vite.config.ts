import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import grammars from "./scripts/peggy.mjs";
import { shell, WORKER } from "./scripts/shell.mjs";

// These packages neither declare `sideEffects` nor have any: without this, one Tremor component
// drags the whole library, its charts and its calendar into the first load.
const PURE = /node_modules\/(@tremor\/react|recharts|date-fns|react-day-picker)\//;
const BACKEND = process.env.BACKEND_URL ?? "http://127.0.0.1:5000";

export default defineConfig({
  plugins: [react(), grammars(), shell()],
  build: {
    outDir: "dist",
    manifest: true,
    rolldownOptions: {
      input: { index: "index.html", worker: "src/sw/worker.ts" },
      output: { entryFileNames: ({ name }) => (name === "worker" ? WORKER : "assets/[name]-[hash].js") },
      treeshake: { moduleSideEffects: (id: string) => !PURE.test(id) },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": BACKEND,
      "/health": BACKEND,
      "/login": BACKEND,
      "/socket.io": { target: BACKEND, ws: true },
    },
  },
  test: {
    // A machine that is busy with something else is slow, not wrong.
    testTimeout: 30_000,
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
  },
});
