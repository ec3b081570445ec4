import { chosen, oneOf, onChoice } from "./stored";

export const THEME = oneOf("theme", ["dark", "light", "system"] as const, "dark");
/** Up green and down red, the other way round, or blue and orange. */
export const COLOURS = oneOf("colours", ["classic", "swapped", "safe"] as const, "classic");

const LIGHT = "(prefers-color-scheme: light)";
const listeners = new Set<() => void>();

function apply(): void {
  const root = document.documentElement;
  const theme = chosen(THEME);
  const dark = theme === "dark" || (theme === "system" && !window.matchMedia(LIGHT).matches);
  root.classList.toggle("dark", dark);
  root.dataset.colours = chosen(COLOURS);
  document.querySelector("meta[name=theme-color]")?.setAttribute("content", themeColour("page"));
  listeners.forEach((listener) => listener());
}

/** Paints the page as chosen, now and whenever the choice or the system's wish changes. */
export function followTheme(): void {
  onChoice(THEME.name, apply);
  onChoice(COLOURS.name, apply);
  window.matchMedia(LIGHT).addEventListener("change", apply);
  apply();
}

/** A colour of the theme (a name of styles.css) as a canvas takes it. */
export function themeColour(name: string, alpha = 1): string {
  const style = getComputedStyle(document.documentElement);
  const channels = style.getPropertyValue(`--${name}`).trim().split(/\s+/);
  return `rgba(${channels.join(", ")}, ${alpha})`;
}

/** Tells charts to read their colours again; returns how to stop. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
