import { useSyncExternalStore } from "react";

import { onTheme, themeColour } from "../lib/theme";

/** Colours of the charts by meaning, as CSS colours a canvas understands. */
export interface ChartColours {
  panel: string;
  line: string;
  ink: string;
  soft: string;
  faint: string;
  accent: string;
  up: string;
  down: string;
  /** Bars of volume: they stand behind the candles. */
  upSoft: string;
  downSoft: string;
  warn: string;
  tier2: string;
  first: string;
  second: string;
  third: string;
}

const NAMES: Record<keyof ChartColours, readonly [name: string, alpha?: number]> = {
  panel: ["panel"], line: ["line"], ink: ["ink-strong"], soft: ["ink-soft"], faint: ["ink-faint"],
  accent: ["accent"], up: ["up"], down: ["down"], upSoft: ["up", 0.35], downSoft: ["down", 0.35],
  warn: ["warn"], tier2: ["t2"], first: ["accent"], second: ["tc"], third: ["t3"],
};

/** The theme's colours now. */
export const readColours = (): ChartColours =>
  Object.fromEntries(
    Object.entries(NAMES).map(([key, [name, alpha]]) => [key, themeColour(name, alpha)]),
  ) as unknown as ChartColours;

let held: ChartColours | null = null;

function subscribe(listener: () => void): () => void {
  return onTheme(() => {
    held = null;
    listener();
  });
}

/** The theme's colours, read anew when the theme changes. */
export const useColours = () => useSyncExternalStore(subscribe, () => (held ??= readColours()));
