/** Colours of the charts by meaning, as CSS colours a canvas understands; the theme fills them in. */
export interface ChartColours {
  panel: string;
  line: string;
  ink: string;
  soft: string;
  faint: string;
  accent: string;
  up: string;
  down: string;
  warn: string;
  tier2: string;
  /** Lines, told apart by lightness too. */
  first: string;
  second: string;
  third: string;
}
