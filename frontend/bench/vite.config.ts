import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The page that `tests/bench/bench_page.py` measures ours against; never shipped. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/bench/",
  plugins: [react()],
  css: { postcss: `${import.meta.dirname}/..` },
  build: {
    outDir: "../../build/page-bench",
    emptyOutDir: true,
    rolldownOptions: { input: `${import.meta.dirname}/naive.html` },
  },
});
