import facts from "./names.json";
import type { Kind } from "./tree";

export interface Meaning {
  name: string;
  kind: Kind;
  unit: string;
  /** The only texts it can have; empty: any. */
  values: readonly string[];
}

/** What the server lets a filter name (backend/src/futuresboard/rules/newest.py), as a copy that a test compares. */
const COLUMNS = new Map(facts.columns.map((column) => [column.name, column as Meaning]));
const ALIASES = new Map<string, string>(Object.entries(facts.aliases));
const NOT_NAMED = new Map<string, string>(Object.entries(facts.not_named));
const RULE_COLUMNS: ReadonlySet<string> = new Set(facts.rules);

export const TIERS: readonly number[] = facts.tiers;
export const columns = (): Meaning[] => [...COLUMNS.values()];
export const aliases = (): [string, string][] => [...ALIASES];

/** A column by its name or short name, in any case. */
export function findColumn(typed: string): Meaning | undefined {
  const lower = typed.toLowerCase();
  return COLUMNS.get(ALIASES.get(lower) ?? lower);
}

/** Whether an alert rule, which judges closed bars, may name this column of a newest row. */
export const isRuleColumn = (name: string) => RULE_COLUMNS.has(name);

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The name that a misspelt one most probably stands for. */
function nearest(typed: string): string | null {
  const found = [...COLUMNS.keys(), ...ALIASES.keys()]
    .map((name) => ({ name, off: distance(typed, name) }))
    .sort((a, b) => a.off - b.off)[0];
  return found !== undefined && found.off <= Math.max(1, typed.length / 3) ? found.name : null;
}

/** What to write in place of a name that is none. */
export function otherNames(typed: string): string {
  const lower = typed.toLowerCase();
  const why = NOT_NAMED.get(lower);
  if (why !== undefined) return `columns of a newest row; ${lower} ${why}`;
  const close = nearest(lower);
  const hint = close === null ? "the name of a column" : `${close} (did you mean it?)`;
  return `${hint}; a text goes in quotes: "${typed}"`;
}
