import { type MutableRefObject, type RefObject, useEffect, useLayoutEffect, useRef } from "react";

/** Where a reader stands in the table: kept while timeframe or exchange change and the rows with them. */
export interface Place {
  top: number;
  left: number;
  /** The row in use and how far below the top of the view it was, while it was in view. */
  anchor: { key: string; offset: number } | null;
  /** The keyboard was on a row. */
  focused: boolean;
}

export const START: Place = { top: 0, left: 0, anchor: null, focused: false };

interface Options {
  placeRef: MutableRefObject<Place>;
  scrollerRef: RefObject<HTMLElement>;
  /** Names what the rows are rows of; a change of it keeps the place. */
  of: string;
  activeKey: string | null;
  activeIndex: number;
  rowHeight: number;
  focusRow: (key: string) => void;
}

/** Brings the reader back to where they were when the rows become those of another timeframe or exchange. */
export function usePlace({ placeRef, scrollerRef, of, activeKey, activeIndex, rowHeight, focusRow }: Options): void {
  const shown = useRef<string | null>(null);
  useLayoutEffect(() => {
    const element = scrollerRef.current;
    if (element === null) return;
    const known = placeRef.current;
    if (shown.current !== of) {
      shown.current = of;
      const held = known.anchor !== null && known.anchor.key === activeKey && activeIndex >= 0;
      element.scrollTop = held && known.anchor ? activeIndex * rowHeight - known.anchor.offset : known.top;
      element.scrollLeft = known.left;
      // The rows themselves come with the next paint.
      if (known.focused && activeKey !== null) requestAnimationFrame(() => requestAnimationFrame(() => focusRow(activeKey)));
    }
  });
  // After the paint: where it stands is then known without another layout.
  useEffect(() => {
    const element = scrollerRef.current;
    if (element === null) return;
    const note = () => {
      const offset = activeIndex * rowHeight - element.scrollTop;
      const seen = activeKey !== null && activeIndex >= 0 && offset >= 0 && offset < element.clientHeight;
      const focused = document.activeElement?.closest("[data-key]") != null && element.contains(document.activeElement);
      placeRef.current = { top: element.scrollTop, left: element.scrollLeft, anchor: seen ? { key: activeKey, offset } : null, focused };
    };
    note();
    element.addEventListener("scroll", note, { passive: true });
    element.addEventListener("focusin", note);
    return () => {
      element.removeEventListener("scroll", note);
      element.removeEventListener("focusin", note);
    };
  }, [placeRef, scrollerRef, activeKey, activeIndex, rowHeight, of]);
}
