/**
 * A choice of the reader that outlives the page: a name in localStorage, what holds without one, and
 * how to read what is stored. `read` gets whatever JSON is there and answers null for what does not
 * fit (an older version, another hand): then the fallback holds.
 */
export interface Choice<T> {
  readonly name: string;
  readonly fallback: T;
  readonly read: (stored: unknown) => T | null;
}

const PREFIX = "futuresboard.";

const listeners = new Map<string, Set<() => void>>();
/** Parsed once per stored text, so that an unchanged choice stays the same object. */
const parsed = new Map<string, { text: string | null; value: unknown }>();
/** Where storage is forbidden or full, a choice lasts as long as the page. */
const unstored = new Map<string, string>();

function textOf(name: string): string | null {
  const held = unstored.get(name);
  if (held !== undefined) return held;
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function parse<T>(choice: Choice<T>, text: string | null): T {
  if (text === null) return choice.fallback;
  try {
    return choice.read(JSON.parse(text) as unknown) ?? choice.fallback;
  } catch {
    return choice.fallback;
  }
}

/** The choice now. */
export function chosen<T>(choice: Choice<T>): T {
  const text = textOf(choice.name);
  const known = parsed.get(choice.name);
  if (known?.text === text) return known.value as T;
  const value = parse(choice, text);
  parsed.set(choice.name, { text, value });
  return value;
}

/** Chooses, remembers, and tells every listener in this tab; other tabs hear it from the browser. */
export function choose<T>(choice: Choice<T>, value: T): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(PREFIX + choice.name, text);
    unstored.delete(choice.name);
  } catch {
    unstored.set(choice.name, text);
  }
  listeners.get(choice.name)?.forEach((listener) => listener());
}

/** Tells when a choice changes, here or in another tab; returns how to stop. */
export function onChoice(name: string, listener: () => void): () => void {
  const mine = listeners.get(name) ?? new Set();
  listeners.set(name, mine.add(listener));
  const onStorage = (event: StorageEvent) => {
    if (event.key === null || event.key === PREFIX + name) listener();
  };
  window.addEventListener("storage", onStorage);
  return () => {
    mine.delete(listener);
    window.removeEventListener("storage", onStorage);
  };
}

/** A choice among a few words. */
export const oneOf = <T extends string>(name: string, words: readonly T[], fallback: T): Choice<T> => ({
  name,
  fallback,
  read: (stored) => words.find((word) => word === stored) ?? null,
});
