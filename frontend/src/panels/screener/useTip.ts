import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** What a cell's tooltip says, shown without a mouse: by arrow keys in the table, by a long touch anywhere. */
export interface Tip {
  column: string;
  lines: readonly string[];
  /** The cell on the screen. */
  box: { left: number; top: number; width: number; height: number };
}

const HOLD_MS = 450;
const SLACK_PX = 10;

function linesOf(cell: HTMLElement): string[] {
  const titled = [cell, ...cell.querySelectorAll<HTMLElement>("[title]")].filter(({ title }) => title !== "");
  const lines = titled.filter((element) => element.tagName !== "BUTTON").flatMap(({ title }) => title.split("\n"));
  const text = cell.textContent.trim();
  return lines.length > 0 ? lines : [text === "" ? "empty" : text];
}

function tipOf(cell: HTMLElement): Tip {
  const { left, top, width, height } = cell.getBoundingClientRect();
  return { column: cell.dataset.column ?? "", lines: linesOf(cell), box: { left, top, width, height } };
}

/** Tips of the cells (`[data-column]`) in an element; `showFor` shows one by hand. */
export function useTip(scroller: RefObject<HTMLElement>) {
  const [tip, setTip] = useState<Tip | null>(null);
  const held = useRef(false);
  const shown = useRef<HTMLElement | null>(null);
  const showFor = useCallback((cell: HTMLElement | null) => {
    shown.current = cell;
    setTip(cell && tipOf(cell));
  }, []);
  const hide = useCallback(() => showFor(null), [showFor]);

  // Figures change and rows move while it stands: it says and follows what is there.
  useEffect(() => {
    const cell = shown.current;
    if (tip === null || cell === null) return;
    const frame = requestAnimationFrame(() => {
      const now = cell.isConnected ? tipOf(cell) : null;
      if (JSON.stringify(now) !== JSON.stringify(tip)) setTip(now);
    });
    return () => cancelAnimationFrame(frame);
  });

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let from = { x: 0, y: 0 };
    const cancel = () => clearTimeout(timer);
    const down = (event: PointerEvent) => {
      hide();
      held.current = false;
      const cell = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-column]") : null;
      if (event.pointerType === "mouse" || cell === null) return;
      from = { x: event.clientX, y: event.clientY };
      timer = setTimeout(() => {
        held.current = true;
        showFor(cell);
      }, HOLD_MS);
    };
    const move = (event: PointerEvent) => {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLACK_PX) cancel();
    };
    // What follows a long touch is neither a click nor the browser's own menu.
    const swallow = (event: Event) => {
      if (!held.current) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.type === "click") held.current = false;
    };
    const listeners: [string, EventListener, boolean][] = [
      ["pointerdown", down as EventListener, false],
      ["pointermove", move as EventListener, false],
      ["pointerup", cancel, false],
      ["pointercancel", cancel, false],
      ["scroll", hide, false],
      ["click", swallow, true],
      ["contextmenu", swallow, true],
    ];
    for (const [name, listener, capture] of listeners) element.addEventListener(name, listener, capture);
    return () => {
      cancel();
      for (const [name, listener, capture] of listeners) element.removeEventListener(name, listener, capture);
    };
  }, [scroller, showFor, hide]);

  return { tip, showFor, hide };
}
