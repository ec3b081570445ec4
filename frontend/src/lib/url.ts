/**
 * What the address says: the view, the timeframe, filters, the open pair. It is the one place where
 * they are kept, so that a link, a reload and the back button all mean what they show.
 */
export type UrlName =
  | "view" | "tf" | "exchange" | "q" | "chip" | "filter" | "pair" | "at" | "alert" | "tab"
  // Of the alert list: its own filters; its timeframe is not that of the pairs.
  | "kind" | "tier" | "rule" | "symbol" | "since" | "until" | "alerttf"
  // Of the settings.
  | "section"
  // Of simulations: the run shown, those compared, one that is being made, what of it is looked at.
  | "run" | "runs" | "job" | "part"
  // Of the replay: its stretch, what is held for known, which pairs, the part that is looped.
  | "from" | "to" | "as" | "pairs" | "loop";

export type UrlPatch = Partial<Record<UrlName, string | null>>;

const listeners = new Set<() => void>();

const tell = () => listeners.forEach((listener) => listener());

/** The query with a change made; null and "" take a name out. */
export function patched(search: string, patch: UrlPatch): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === "") params.delete(name);
    else params.set(name, value);
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

export const urlParam = (name: UrlName): string | null => new URLSearchParams(window.location.search).get(name);

/** Changes the address. `push`: the back button leads back to before. */
export function changeUrl(patch: UrlPatch, push = false): void {
  const next = patched(window.location.search, patch);
  if (next === window.location.search) return;
  const address = window.location.pathname + next;
  if (push) window.history.pushState(null, "", address);
  else window.history.replaceState(window.history.state, "", address);
  tell();
}

export function onUrl(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}
