import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";

interface Props {
  label: string;
  /** What it belongs to; it opens below it. Without one, or on a phone, it rises from the lower edge. */
  anchor: HTMLElement | null;
  sheet?: boolean;
  width?: number;
  onClose: () => void;
  children: ReactNode;
}

const MARGIN = 8;
const FOCUSABLE = "button:not([disabled]), input:not([disabled]), select, textarea, a[href], [tabindex='0']";

const focusable = (box: HTMLElement) => [...box.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((one) => one.tabIndex >= 0);

/** Tab goes round inside; no other key reaches the page behind. */
function useKeys(onClose: () => void) {
  return (event: KeyboardEvent<HTMLDivElement>) => {
    event.nativeEvent.stopPropagation();
    if (event.key === "Escape" && !event.defaultPrevented) onClose();
    if (event.key !== "Tab") return;
    const all = focusable(event.currentTarget);
    const [first, last] = [all[0], all[all.length - 1]];
    const edge = event.shiftKey ? first : last;
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  };
}

function positionOf(anchor: HTMLElement, width: number) {
  const box = anchor.getBoundingClientRect();
  const left = Math.max(MARGIN, Math.min(box.left, window.innerWidth - width - MARGIN));
  const top = box.bottom + 4;
  return { left, top, width, maxHeight: Math.max(200, window.innerHeight - top - MARGIN) };
}

/** A small panel over the page. It takes the focus, gives it back, and goes by Escape or a click beside it. */
export function Popover({ label, anchor, sheet = false, width = 300, onClose, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const low = sheet || anchor === null;
  const [at] = useState(() => (sheet || anchor === null ? undefined : positionOf(anchor, width)));
  // Before it is painted: a key pressed at what can be seen must not reach the page behind.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const inside = box.current;
    const first = inside && (inside.querySelector<HTMLElement>("[data-autofocus]") ?? focusable(inside)[0] ?? inside);
    first?.focus({ preventScroll: true });
    return () => {
      const back = before !== null && before !== document.body && before.isConnected ? before : anchor;
      if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    };
  }, [anchor]);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (box.current?.contains(target) === false && !anchor?.contains(target)) onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [anchor, onClose]);
  const onKeyDown = useKeys(onClose);
  return createPortal(
    <>
      {low && <div aria-hidden="true" className="fixed inset-0 z-40 bg-page/70" />}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys stay inside a dialog */}
      <div
        ref={box}
        role="dialog"
        aria-modal={low}
        aria-label={label}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        className={`fixed z-50 flex flex-col overflow-y-auto border-edge bg-panel text-xs text-ink shadow-2xl outline-none ${
          low ? "inset-x-0 bottom-0 max-h-[85vh] rounded-t-xl border-t p-4 pb-[max(1rem,env(safe-area-inset-bottom))]" : "rounded-lg border p-3"
        }`}
        style={at}
      >
        {children}
      </div>
    </>,
    document.body,
  );
}
