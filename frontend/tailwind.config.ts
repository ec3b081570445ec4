import headless from "@headlessui/tailwindcss";
import forms from "@tailwindcss/forms";
import type { Config } from "tailwindcss";

const TREMOR = "./node_modules/@tremor/react/dist/components";

/** A colour of the theme (styles.css): its channels change with light, dark and the choice of up and down. */
const themed = (name: string) => `rgb(var(--${name}) / <alpha-value>)`;

/** One palette; `dark-tremor` gives the library's parts and our own the same tokens. */
const palette = {
  brand: {
    faint: themed("brand-faint"),
    muted: themed("brand-muted"),
    subtle: themed("brand-subtle"),
    DEFAULT: themed("accent"),
    emphasis: themed("brand-emphasis"),
    inverted: themed("inverted"),
  },
  background: { muted: themed("page"), subtle: themed("raised"), DEFAULT: themed("panel"), emphasis: themed("ink") },
  border: { DEFAULT: themed("line") },
  ring: { DEFAULT: themed("line") },
  content: {
    subtle: themed("ink-faint"),
    DEFAULT: themed("ink-soft"),
    emphasis: themed("ink"),
    strong: themed("ink-strong"),
    inverted: themed("inverted"),
  },
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
        page: themed("page"),
        panel: themed("panel"),
        raised: themed("raised"),
        line: themed("line"),
        edge: themed("edge"),
        ink: { DEFAULT: themed("ink"), strong: themed("ink-strong"), soft: themed("ink-soft"), faint: themed("ink-faint") },
        accent: themed("accent"),
        up: themed("up"),
        down: themed("down"),
        warn: themed("warn"),
        hole: themed("hole"),
        // Tiers by number, confluence, the reader's own rules.
        t1: themed("t1"),
        t2: themed("t2"),
        t3: themed("t3"),
        t4: themed("t4"),
        t5: themed("t5"),
        t6: themed("t6"),
        tc: themed("tc"),
        tr: themed("tr"),
        binance: themed("binance"),
        bybit: themed("bybit"),
        okx: themed("okx"),
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
