import { type Chip, chipOf } from "./filter";
import { DEFAULT_SETUP, readSetup, type Setup } from "./setup";
import type { Choice } from "./stored";

/** What a name brings back: the layout of the screener and what it shows. */
export interface SavedView extends Setup {
  name: string;
  /** A condition in the grammar of filters; empty: none. */
  filter: string;
  chip: Chip;
}

const MAX_NAME = 60;
const MAX_VIEWS = 100;

/** Always there, and what "reset" goes back to. */
export const DEFAULT_VIEW: SavedView = { ...DEFAULT_SETUP, name: "Default", filter: "", chip: "all" };

export const cleanName = (name: string) => name.trim().replace(/\s+/g, " ").slice(0, MAX_NAME);

function readView(value: unknown): SavedView | null {
  const setup = readSetup(value);
  if (setup === null) return null;
  const { name, filter, chip } = value as Record<string, unknown>;
  if (typeof name !== "string" || cleanName(name) === "" || typeof filter !== "string") return null;
  return { ...setup, name: cleanName(name), filter, chip: chipOf(typeof chip === "string" ? chip : null) };
}

/** Views as they were stored or exported; null when one of them is none. */
export function readViews(value: unknown): SavedView[] | null {
  if (!Array.isArray(value) || value.length > MAX_VIEWS) return null;
  const views = value.map(readView);
  return views.every((view) => view !== null) ? views : null;
}

export const VIEWS: Choice<readonly SavedView[]> = { name: "views", fallback: [], read: readViews };

/** The name of the view in use; empty: the default. */
export const VIEW: Choice<string> = {
  name: "view",
  fallback: "",
  read: (stored) => (typeof stored === "string" ? stored : null),
};

/** Views with one put in under its name, in the place of the one that had it. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  const at = views.findIndex(({ name }) => name === view.name);
  return at < 0 ? [...views, view] : views.with(at, view);
}

export const withoutView = (views: readonly SavedView[], name: string) => views.filter((view) => view.name !== name);

/** Whether two views show the same, whatever they are called. */
export const sameView = (a: SavedView, b: SavedView) =>
  JSON.stringify([a.columns, a.sort, a.density, a.filter.trim(), a.chip]) ===
  JSON.stringify([b.columns, b.sort, b.density, b.filter.trim(), b.chip]);

const FORMAT = "futuresboard views";

/** The text of a file with these views. */
export const viewsFile = (views: readonly SavedView[]) => JSON.stringify({ format: FORMAT, version: 1, views }, null, 2);

/** The views of such a file; throws what is wrong in words. */
export function viewsOfFile(text: string): SavedView[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("The file is not JSON.");
  }
  const { format, views } = (value ?? {}) as { format?: unknown; views?: unknown };
  if (format !== FORMAT) throw new Error("The file holds no views of futuresboard.");
  const found = readViews(views);
  if (found === null) throw new Error("A view in the file is not complete.");
  return found;
}
