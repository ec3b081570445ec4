import { useEffect, useRef } from "react";

const STILL = "(prefers-reduced-motion: reduce)";
const TINT = { 1: "rgb(var(--up) / 0.26)", [-1]: "rgb(var(--down) / 0.26)", 0: "rgb(var(--accent) / 0.22)" } as const;

/** Tints an element once, softly, when the text it shows changes; up and down have their colours. */
export function useFlash<T extends HTMLElement>(text: string, value: number | null) {
  const ref = useRef<T>(null);
  const last = useRef({ text, value });
  useEffect(() => {
    const before = last.current;
    last.current = { text, value };
    const element = ref.current;
    if (before.text === text || !element || !("animate" in element)) return;
    if (window.matchMedia(STILL).matches) return;
    const direction = Math.sign((value ?? 0) - (before.value ?? 0)) as -1 | 0 | 1;
    // In steps: a smooth fade of a hundred cells would repaint the table sixty times a second.
    element.animate([{ backgroundColor: TINT[direction] }, { backgroundColor: "transparent" }], {
      duration: 1000,
      easing: "steps(5, end)",
    });
  }, [text, value]);
  return ref;
}
