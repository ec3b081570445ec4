import { useEffect, useRef } from "react";

export type Hotkeys = Record<string, (event: KeyboardEvent) => void>;

const TYPING = "input:not([type=radio], [type=range]), textarea, select, [contenteditable=true]";
const OWN_ARROWS = "input, textarea, select";
const MOVES = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);

/** Single-key commands of the page. While someone types, only Escape is ours. `first`: before those of others. */
export function useHotkeys(keys: Hotkeys, first = false): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target instanceof Element ? event.target : document.body;
      const busy = MOVES.has(event.key) ? OWN_ARROWS : TYPING;
      if (event.key !== "Escape" && target.closest(busy)) return;
      current.current[event.key]?.(event);
    };
    window.addEventListener("keydown", onKey, first);
    return () => window.removeEventListener("keydown", onKey, first);
  }, [first]);
}
