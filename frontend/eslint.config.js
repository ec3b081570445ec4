import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Import zones: a folder may use what stands below it, never what stands above or beside it. */
const ABOVE = {
  lib: ["hooks", "ui", "charts", "panels", "app"],
  api: ["hooks", "ui", "charts", "panels", "app"],
  sw: ["hooks", "ui", "charts", "panels", "app"],
  hooks: ["ui", "charts", "panels", "app"],
  ui: ["charts", "panels", "app"],
  charts: ["panels", "app"],
  panels: ["app"],
};
const PANELS = ["topbar", "kpis", "screener", "alerts", "pair", "markets", "ops", "help", "history", "login", "settings", "simulate", "replay"];

const zone = (files, groups, message) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: groups, message }] }] },
});

const zones = Object.entries(ABOVE).map(([folder, above]) =>
  zone(
    [`src/${folder}/**/*.{ts,tsx}`],
    above.map((name) => `**/${name}/**`),
    `${folder}/ stands below: move what you need down, or pass it in.`,
  ),
);
const panelZones = PANELS.map((name) =>
  zone(
    [`src/panels/${name}/**/*.{ts,tsx}`],
    [...PANELS.filter((other) => other !== name).map((other) => `**/${other}/**`), "**/app/**"],
    "panels do not know each other: app/ joins them.",
  ),
);

export default tseslint.config(
  { ignores: ["dist", "node_modules", "coverage", "src/api/schema.ts"] },
  js.configs.recommended,
  { files: ["scripts/**/*.mjs", "*.js"], languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } } },
  { files: ["public/*.js"], languageOptions: { globals: { document: "readonly", localStorage: "readonly", matchMedia: "readonly" } } },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "react-hooks": reactHooks },
    rules: {
      ...reactHooks.configs["recommended-latest"].rules,
      // The compiler is not used; TanStack's hooks are fine without it.
      "react-hooks/incompatible-library": "off",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/prefer-nullish-coalescing": "off",
      "max-lines": ["error", { max: 250 }],
      complexity: ["error", 10],
      "no-console": "error",
    },
  },
  { files: ["**/*.tsx"], ...jsxA11y.flatConfigs.recommended },
  ...zones,
  ...panelZones,
);
