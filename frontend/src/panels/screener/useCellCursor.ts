import { type RefObject, useCallback, useRef } from "react";

import type { Layout, Placed } from "./layout";
import type { Tip } from "./useTip";

/** Left and right along the row in use: shows what the tooltip of the next cell says. */
export function useCellCursor(
  scroller: RefObject<HTMLElement>,
  layout: Layout,
  activeKey: string | null,
  tip: Tip | null,
  showFor: (cell: HTMLElement | null) => void,
) {
  const last = useRef<string | null>(null);
  const shown = tip?.column ?? null;
  return useCallback(
    (delta: number) => {
      const element = scroller.current;
      if (element === null || activeKey === null) return;
      const next = nextOf(layout, shown, last.current, delta);
      last.current = next.column.id;
      reveal(element, layout, next.index);
      // The columns that come into sight are drawn first.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          const row = `[data-key="${CSS.escape(activeKey)}"]`;
          showFor(element.querySelector<HTMLElement>(`${row} [data-column="${next.column.id}"]`));
        }),
      );
    },
    [scroller, layout, activeKey, shown, showFor],
  );
}

/** The cell to show: the next one, or where nothing is shown the one that was shown last. */
function nextOf({ placed }: Layout, shown: string | null, last: string | null, delta: number): Placed {
  const at = placed.findIndex(({ column }) => column.id === (shown ?? last));
  const to = shown === null && at >= 0 ? at : at + delta;
  return placed[Math.min(Math.max(to, 0), placed.length - 1)] as Placed;
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
