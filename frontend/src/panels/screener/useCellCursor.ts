import { type RefObject, useCallback, useEffect, useRef } from "react";

import type { Layout, Placed } from "./layout";
import type { Tip } from "./useTip";

/** Left and right along the row in use: shows what the tooltip of the next cell says. */
export function useCellCursor(
  scrollerRef: RefObject<HTMLElement>,
  layout: Layout,
  activeKey: string | null,
  tip: Tip | null,
  showFor: (cell: HTMLElement | null) => void,
) {
  /** Where the cursor is, and whether its words are on the screen or about to be. */
  const cursor = useRef<{ id: string | null; open: boolean; coming: number }>({ id: null, open: false, coming: 0 });
  useEffect(() => {
    if (tip === null && cursor.current.coming === 0) cursor.current.open = false;
  }, [tip]);
  return useCallback(
    (delta: number) => {
      const element = scrollerRef.current;
      if (element === null || activeKey === null) return;
      const { id, open } = cursor.current;
      const next = nextOf(layout, id, open ? delta : 0);
      if (next === undefined) return;
      cursor.current = { id: next.column.id, open: true, coming: cursor.current.coming + 1 };
      reveal(element, layout, next.index);
      // The columns that come into sight are drawn first.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          cursor.current.coming -= 1;
          if (cursor.current.id !== next.column.id) return;
          const row = `[data-key="${CSS.escape(activeKey)}"]`;
          showFor(element.querySelector<HTMLElement>(`${row} [data-column="${next.column.id}"]`));
        }),
      );
    },
    [scrollerRef, layout, activeKey, showFor],
  );
}

/** The cell so many places on; the first where there was none before. */
function nextOf({ placed }: Layout, id: string | null, delta: number): Placed | undefined {
  const at = placed.findIndex(({ column }) => column.id === id);
  return placed[Math.min(Math.max(at < 0 ? 0 : at + delta, 0), placed.length - 1)];
}

/** Scrolls sideways until a column stands beside the pinned one, if it is not in sight. */
function reveal(element: HTMLElement, layout: Layout, index: number): void {
  const place = layout.placed[index];
  if (place === undefined || index === 0) return;
  const stretch = Math.max(1, element.clientWidth / layout.minWidth);
  const pinned = (layout.placed[0]?.width ?? 0) * stretch;
  const [left, right] = [place.left * stretch, (place.left + place.width) * stretch];
  if (left < element.scrollLeft + pinned) element.scrollLeft = left - pinned;
  else if (right > element.scrollLeft + element.clientWidth) element.scrollLeft = right - element.clientWidth;
}
