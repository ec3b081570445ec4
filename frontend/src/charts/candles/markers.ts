import type { SeriesMarker, Time } from "lightweight-charts";

import type { Bars } from "../bars";
import { timeOf } from "./shape";

/** Something that happened at a bar, worth a mark on it. */
export interface ChartMark {
  /** Alerts of a bar share one arrow; a trade has an arrow where it is entered and a square where it is left. */
  kind: "alert" | "entry" | "exit";
  ts: number;
  /** Two or three letters beside the mark. */
  tag: string;
  /** The whole sentence. */
  text: string;
  colour: string;
  /** 0 is the most important: it gives the mark its colour. */
  rank: number;
  /** Above the bar, its arrow pointing down. */
  down: boolean;
}

/** One marker a bar and kind, with the tags of all that happened there; its id is the bar's open time. */
export function markersOf(marks: readonly ChartMark[], bars: Bars): SeriesMarker<Time>[] {
  const first = bars.ts[0] ?? Infinity;
  const last = bars.ts[bars.ts.length - 1] ?? -Infinity;
  const byBar = new Map<string, ChartMark[]>();
  for (const mark of marks) {
    const place = `${mark.ts}|${mark.kind}`;
    if (mark.ts >= first && mark.ts <= last) byBar.set(place, [...(byBar.get(place) ?? []), mark]);
  }
  const found = [...byBar.values()].flatMap((here) => {
    const ranked = [...here].sort((a, b) => a.rank - b.rank);
    const lead = ranked[0];
    if (!lead) return [];
    return {
      time: timeOf(lead.ts), id: String(lead.ts), color: lead.colour, size: 1,
      position: lead.down ? "aboveBar" : "belowBar", shape: lead.kind === "exit" ? "square" : lead.down ? "arrowDown" : "arrowUp",
      text: [...new Set(ranked.map((mark) => mark.tag))].join(" "),
    } satisfies SeriesMarker<Time>;
  });
  return found.sort((a, b) => a.time - b.time);
}
