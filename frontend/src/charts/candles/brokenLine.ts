/**
 * A line that breaks where a value is unknown, and shows a value between two unknown ones as a dot.
 * The library's own line series draws through such slots.
 */
import {
  type CustomData,
  type CustomSeriesOptions,
  type CustomSeriesPricePlotValues,
  type CustomSeriesWhitespaceData,
  customSeriesDefaultOptions,
  type ICustomSeriesPaneRenderer,
  type ICustomSeriesPaneView,
  type PaneRendererCustomData,
  type Time,
} from "lightweight-charts";

export type LinePoint = CustomData<Time> & { value: number };

export interface BrokenLineOptions extends CustomSeriesOptions {
  lineWidth: number;
  dashed: boolean;
}

type Draw = ICustomSeriesPaneRenderer["draw"];
type Data = PaneRendererCustomData<Time, LinePoint>;

/** Runs of neighbouring slots: [from, to) into `slots`. */
export function runsOf(slots: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  let begin = 0;
  for (let i = 1; i <= slots.length; i += 1) {
    if (i < slots.length && slots[i] === (slots[i - 1] ?? 0) + 1) continue;
    runs.push([begin, i]);
    begin = i;
  }
  return slots.length > 0 ? runs : [];
}

/** A line through neighbouring dots; a lone one as a dot. */
function stroke(context: CanvasRenderingContext2D, dots: readonly { x: number; y: number }[], width: number): void {
  context.beginPath();
  const [lone] = dots;
  if (dots.length === 1 && lone) {
    context.arc(lone.x, lone.y, width + 0.5, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  for (const { x, y } of dots) context.lineTo(x, y);
  context.stroke();
}

class Renderer implements ICustomSeriesPaneRenderer {
  data: Data | null = null;
  options: BrokenLineOptions | null = null;

  draw: Draw = (target, toY) => {
    const { data, options } = this;
    if (!data?.visibleRange || !options) return;
    // One more on each side, so that the line leaves the pane instead of ending in it.
    const from = Math.max(0, data.visibleRange.from - 1);
    const bars = data.bars.slice(from, data.visibleRange.to + 1);
    target.useMediaCoordinateSpace(({ context }) => {
      context.strokeStyle = options.color;
      context.fillStyle = options.color;
      context.lineWidth = options.lineWidth;
      context.lineJoin = "round";
      context.setLineDash(options.dashed ? [4, 3] : []);
      const dots = bars.map((bar) => ({ x: bar.x, y: toY(bar.originalData.value) ?? NaN }));
      for (const [begin, end] of runsOf(bars.map((bar) => bar.time))) {
        stroke(context, dots.slice(begin, end), options.lineWidth);
      }
    });
  };
}

export class BrokenLine implements ICustomSeriesPaneView<Time, LinePoint, BrokenLineOptions> {
  private readonly one = new Renderer();

  renderer(): ICustomSeriesPaneRenderer {
    return this.one;
  }

  update(data: Data, options: BrokenLineOptions): void {
    this.one.data = data;
    this.one.options = options;
  }

  priceValueBuilder(row: LinePoint): CustomSeriesPricePlotValues {
    return [row.value];
  }

  isWhitespace(data: LinePoint | CustomSeriesWhitespaceData<Time>): data is CustomSeriesWhitespaceData<Time> {
    return (data as Partial<LinePoint>).value === undefined;
  }

  defaultOptions(): BrokenLineOptions {
    return { ...customSeriesDefaultOptions, lineWidth: 1.5, dashed: false };
  }
}
