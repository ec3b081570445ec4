import { useEffect, useRef } from "react";

const STILL = "(prefers-reduced-motion: reduce)";
const TINT = { 1: "rgb(var(--up) / 0.26)", [-1]: "rgb(var(--down) / 0.26)", 0: "rgb(var(--accent) / 0.22)" } as const;

/**
 * So many elements flash at once and no more. Where everything changes nothing stands out, and
 * hundreds of animations would cost several times what painting the figures does.
 */
const AT_ONCE = 80;

type Direction = keyof typeof TINT;

let waiting: [HTMLElement, Direction][] = [];

/** All changes of one painting are judged together. */
function flashAll(): void {
  const changed = waiting;
  waiting = [];
  if (changed.length > AT_ONCE || window.matchMedia(STILL).matches) return;
  for (const [element, direction] of changed) {
    // In steps: a smooth fade of many cells would repaint the table sixty times a second.
    element.animate([{ backgroundColor: TINT[direction] }, { backgroundColor: "transparent" }], {
      duration: 1000,
      easing: "steps(5, end)",
    });
  }
}

/** Tints an element once, softly, when the text it shows changes; up and down have their colours. */
export function useFlash<T extends HTMLElement>(text: string, value: number | null) {
  const ref = useRef<T>(null);
  const last = useRef({ text, value });
  useEffect(() => {
    const before = last.current;
    last.current = { text, value };
    const element = ref.current;
    if (before.text === text || !element || !("animate" in element)) return;
    if (waiting.length === 0) queueMicrotask(flashAll);
    waiting.push([element, Math.sign((value ?? 0) - (before.value ?? 0)) as Direction]);
  }, [text, value]);
  return ref;
}
