import type { SeriesMarker, Time } from "lightweight-charts";

import type { Bars } from "../bars";
import { timeOf } from "./shape";

/** Something that happened at a bar, worth a mark on it. */
export interface ChartMark {
  ts: number;
  /** Two or three letters beside the mark. */
  tag: string;
  /** The whole sentence. */
  text: string;
  colour: string;
  /** 0 is the most important: it gives the mark its colour. */
  rank: number;
  down: boolean;
}

/** One marker a bar, with the tags of all that happened there; its id is the bar's open time. */
export function markersOf(marks: readonly ChartMark[], bars: Bars): SeriesMarker<Time>[] {
  const first = bars.ts[0] ?? Infinity;
  const last = bars.ts[bars.ts.length - 1] ?? -Infinity;
  const byBar = new Map<number, ChartMark[]>();
  for (const mark of marks) {
    if (mark.ts >= first && mark.ts <= last) byBar.set(mark.ts, [...(byBar.get(mark.ts) ?? []), mark]);
  }
  return [...byBar].sort(([a], [b]) => a - b).flatMap(([ts, here]) => {
    const ranked = [...here].sort((a, b) => a.rank - b.rank);
    const lead = ranked[0];
    if (!lead) return [];
    return {
      time: timeOf(ts), id: String(ts), color: lead.colour, size: 1,
      position: lead.down ? "aboveBar" : "belowBar", shape: lead.down ? "arrowDown" : "arrowUp",
      text: [...new Set(ranked.map((mark) => mark.tag))].join(" "),
    } satisfies SeriesMarker<Time>;
  });
}
