import { type RefObject, useEffect, useMemo, useState } from "react";

import { inSight, type Layout, type Placed } from "./layout";

/** The columns that exist in the rows: those in sight. It changes when one comes or goes, not with every pixel. */
export function useSight(scroller: RefObject<HTMLElement>, layout: Layout): readonly Placed[] {
  const [[from, to], setRange] = useState<readonly [number, number]>([1, layout.placed.length - 1]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = () => {
      const next = inSight(layout, element.scrollLeft, element.clientWidth);
      setRange((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
    };
    look();
    const resized = new ResizeObserver(look);
    resized.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [scroller, layout]);
  return useMemo(() => layout.placed.filter(({ index }) => index === 0 || (index >= from && index <= to)), [layout, from, to]);
}
