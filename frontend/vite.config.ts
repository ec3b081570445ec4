import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import grammars from "./scripts/peggy.mjs";

// These packages neither declare `sideEffects` nor have any: without this, one Tremor component
// drags the whole library, its charts and its calendar into the first load.
const PURE = /node_modules\/(@tremor\/react|recharts|date-fns|react-day-picker)\//;
const BACKEND = process.env.BACKEND_URL ?? "http://127.0.0.1:5000";

export default defineConfig({
  plugins: [react(), grammars()],
  build: {
    outDir: "dist",
    manifest: true,
    rolldownOptions: { treeshake: { moduleSideEffects: (id: string) => !PURE.test(id) } },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": BACKEND,
      "/health": BACKEND,
      "/socket.io": { target: BACKEND, ws: true },
    },
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
  },
});
