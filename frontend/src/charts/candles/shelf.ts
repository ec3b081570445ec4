/**
 * One chart that nobody looks at waits for the next pair: making a chart costs more than drawing another
 * pair in one that is there. It stays laid out, so that nothing of it changes its size.
 */
import { createChart, createSeriesMarkers } from "lightweight-charts";

import type { ChartColours } from "../colours";
import { CandleBoard } from "./board";

const LIBRARY = { createChart, createSeriesMarkers };

export interface Placed {
  board: CandleBoard;
  /** What the chart fills. */
  place: HTMLElement;
}

let waiting: Placed | null = null;

function made(container: HTMLElement, colours: ChartColours, still: boolean): Placed {
  const place = document.createElement("div");
  place.style.cssText = "width: 100%; height: 100%";
  container.append(place);
  return { board: new CandleBoard(place, LIBRARY, colours, still), place };
}

/** A chart that fills the container, the one that waits or a new one. */
export function place(container: HTMLElement, colours: ChartColours, still: boolean): Placed {
  if (!waiting) return made(container, colours, still);
  const found = waiting;
  waiting = null;
  found.place.style.cssText = "width: 100%; height: 100%";
  const shelf = found.place.parentElement;
  container.append(found.place);
  shelf?.remove();
  found.board.begin();
  return found;
}

/** Puts a chart aside; one is enough. */
export function putAside(placed: Placed): void {
  if (waiting) {
    placed.board.close();
    placed.place.remove();
    return;
  }
  const { width, height } = placed.place.getBoundingClientRect();
  const shelf = document.createElement("div");
  shelf.setAttribute("aria-hidden", "true");
  shelf.style.cssText = "position: fixed; left: 0; top: 0; width: 0; height: 0; overflow: hidden; visibility: hidden; pointer-events: none";
  placed.place.style.cssText = `width: ${width}px; height: ${height}px`;
  shelf.append(placed.place);
  document.body.append(shelf);
  waiting = placed;
}
