import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { Bars } from "../bars";
import { useColours } from "../colours";
import { measurePaint } from "../measure";
import type { CandleBoard } from "./board";
import { followLayout } from "./layout";
import { PaneLegend, PriceLegend } from "./Legend";
import { type ChartMark, markersOf } from "./markers";
import { heights, type PaneSpec, type SeriesSpec } from "./panes";
import { Pointer, usePointer } from "./pointer";
import { place, putAside } from "./shelf";
import type { BoardState } from "./state";

const AXIS_PX = 28;
/** Older bars are asked for when fewer than this are left of the view. */
const AHEAD = 40;

export interface CandleHandle {
  /** Slots in view, both inclusive. */
  view: () => { from: number; to: number } | null;
  picture: () => HTMLCanvasElement | null;
  /** Top of each pane in px, the candles' first. */
  tops: () => readonly number[];
}

interface Props {
  label: string;
  bars: Bars;
  panes: readonly PaneSpec[];
  onPrice: readonly SeriesSpec[];
  marks: readonly ChartMark[];
  /** Slot that was asked for; the chart goes there when it changes. */
  here: number | null;
  live: BoardState["live"];
  reasonAt: (column: string, slot: number) => string;
  onNeedOlder: () => void;
  onMove: (id: string, delta: -1 | 1) => void;
  onHide: (id: string) => void;
  handle: Ref<CandleHandle>;
}

/** Height of an element, as it changes. */
function useHeight(ref: React.RefObject<HTMLElement>): number {
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const read = () => setHeight(element.clientHeight);
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return height;
}

/** The sentences of the alerts at the marker under the pointer. */
function MarkTip({ marks, pointer }: { marks: readonly ChartMark[]; pointer: Pointer }) {
  const { hovered, at } = usePointer(pointer);
  const here = hovered === null ? [] : marks.filter((mark) => String(mark.ts) === hovered);
  if (here.length === 0 || !at) return null;
  return (
    <ul role="tooltip" className="pointer-events-none absolute z-20 w-72 space-y-1 rounded-md border border-edge bg-raised p-2 text-xs text-ink shadow-pop" style={{ left: `min(${at.x + 12}px, calc(100% - 19rem))`, top: Math.max(0, at.y + 16) }}>
      {here.map((mark) => (
        <li key={mark.tag + mark.text}>
          <b className="text-ink-strong">{mark.tag}</b> {mark.text}
        </li>
      ))}
    </ul>
  );
}

/** Candles, volume and panes under them, one crosshair over all. */
export default function CandleChart(props: Props) {
  const { bars, panes, onPrice, marks, here, live, onNeedOlder } = props;
  const colours = useColours();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const board = useRef<CandleBoard | null>(null);
  const pointer = useMemo(() => new Pointer(), []);
  const height = useHeight(scroller);
  const size = heights(height - AXIS_PX - panes.length, panes.length);
  const [tops, setTops] = useState<readonly number[]>([]);
  const markers = useMemo(() => markersOf(marks, bars), [marks, bars]);
  const ports = useRef({ onNeedOlder, colours });
  useLayoutEffect(() => {
    ports.current = { onNeedOlder, colours };
  });

  useLayoutEffect(() => {
    if (!canvas.current) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const placed = place(canvas.current, ports.current.colours, still);
    const stops = [
      placed.board.onPointer((slot, hovered, at) => pointer.set({ slot, hovered, at })),
      placed.board.onView((from) => {
        if (from < AHEAD) ports.current.onNeedOlder();
      }),
    ];
    board.current = placed.board;
    return () => {
      board.current = null;
      stops.forEach((stop) => stop());
      putAside(placed);
    };
  }, [pointer]);

  const drawn = useRef<Bars | null>(null);
  useLayoutEffect(() => {
    const since = performance.now();
    board.current?.draw({ bars, panes, onPrice, markers, here, live, colours });
    if (bars !== drawn.current && bars.ts.length > 0) measurePaint("candles:drawn", since);
    drawn.current = bars;
  }, [bars, panes, onPrice, markers, here, live, colours]);

  const hereTs = here === null ? null : (bars.ts[here] ?? null);
  useLayoutEffect(() => {
    if (hereTs !== null && here !== null) board.current?.goTo(here);
    // Only when another bar is asked for: older bars in front move its slot, not the reader.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [hereTs]);

  useEffect(() => board.current?.size(size.candles, size.pane), [size.candles, size.pane, panes]);
  // The library lays its panes out with a frame of its own: the legends follow what it has done.
  useEffect(() => (board.current ? followLayout(board.current.chart, setTops) : undefined), [panes]);

  useImperativeHandle(props.handle, () => ({
    view: () => board.current?.view() ?? null,
    picture: () => board.current?.picture() ?? null,
    tops: () => tops,
  }), [tops]);

  const common = { bars, pointer, reasonAt: props.reasonAt };
  return (
    <div ref={scroller} role="region" aria-label={props.label} className="relative h-full overflow-y-auto overflow-x-hidden">
      <div className="relative" style={{ height: size.total + AXIS_PX + panes.length }}>
        <div ref={canvas} className="absolute inset-0" />
        <div className="pointer-events-none absolute inset-0 z-10">
          <PriceLegend {...common} onPrice={onPrice} />
          {tops.length === panes.length + 1 && panes.map((spec, i) => (
            <PaneLegend key={spec.id} {...common} spec={spec} top={tops[i + 1] ?? 0} onMove={props.onMove} onHide={props.onHide} />
          ))}
          <MarkTip marks={marks} pointer={pointer} />
        </div>
      </div>
    </div>
  );
}
