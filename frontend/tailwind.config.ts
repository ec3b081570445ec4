import headless from "@headlessui/tailwindcss";
import forms from "@tailwindcss/forms";
import type { Config } from "tailwindcss";

const TREMOR = "./node_modules/@tremor/react/dist/components";
const ACCENT = "#5b9dff";

/** One palette; `dark-tremor` gives the library's parts and our own the same tokens. */
const palette = {
  brand: { faint: "#0d1626", muted: "#16294a", subtle: "#2f62b3", DEFAULT: ACCENT, emphasis: "#8bb9ff", inverted: "#06101f" },
  background: { muted: "#0b0f17", subtle: "#151d2b", DEFAULT: "#0f1521", emphasis: "#c9d4e5" },
  border: { DEFAULT: "#1c2535" },
  ring: { DEFAULT: "#1c2535" },
  content: { subtle: "#6f7e95", DEFAULT: "#93a1b7", emphasis: "#d3dcea", strong: "#f1f5fb", inverted: "#06101f" },
};

export default {
  // Only the parts of Tremor the page uses: its whole class list would triple the stylesheet.
  content: [
    "./index.html",
    "./src/**/*.{ts,tsx}",
    `${TREMOR}/layout-elements/{Card,Dialog}/**/*.js`,
    `${TREMOR}/text-elements/{Title,Text}/**/*.js`,
  ],
  darkMode: "class",
  theme: {
    extend: {
      colors: {
        tremor: palette,
        "dark-tremor": palette,
        page: "#0b0f17",
        panel: "#0f1521",
        raised: "#151d2b",
        line: "#1c2535",
        edge: "#2a3850",
        ink: { DEFAULT: "#d3dcea", strong: "#f1f5fb", soft: "#93a1b7", faint: "#8190a7" },
        accent: ACCENT,
        up: "#3ddc97",
        down: "#ff7a90",
        warn: "#f7c048",
      },
      fontFamily: {
        sans: ["-apple-system", "BlinkMacSystemFont", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "Arial", "system-ui", "sans-serif"],
      },
      fontSize: {
        "tremor-label": ["0.75rem", { lineHeight: "1rem" }],
        "tremor-default": ["0.875rem", { lineHeight: "1.25rem" }],
        "tremor-title": ["1.125rem", { lineHeight: "1.75rem" }],
        "tremor-metric": ["1.875rem", { lineHeight: "2.25rem" }],
        micro: ["0.6875rem", { lineHeight: "0.875rem" }],
        cell: ["0.78125rem", { lineHeight: "1rem" }],
      },
      borderRadius: { "tremor-small": "0.375rem", "tremor-default": "0.5rem", "tremor-full": "9999px" },
      boxShadow: {
        "tremor-card": "none",
        "dark-tremor-card": "none",
        "dark-tremor-dropdown": "0 12px 32px rgb(0 0 0 / 0.5)",
        pop: "0 14px 40px rgb(0 0 0 / 0.55)",
      },
    },
  },
  plugins: [headless, forms({ strategy: "class" })],
} satisfies Config;
