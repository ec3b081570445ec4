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

/**
 * The bars in view and one more on each side, so that the line leaves the pane instead of ending in it,
 * with their places. The library places only those in view: where the others once were is not where they are.
 */
export function dotsOf({ bars, barSpacing, visibleRange }: Pick<Data, "bars" | "barSpacing" | "visibleRange">): { slot: number; x: number; value: number }[] {
  const first = visibleRange && bars[visibleRange.from];
  if (!first) return [];
  return bars
    .slice(Math.max(0, visibleRange.from - 1), visibleRange.to + 1)
    .map(({ time: slot, originalData: { value } }) => ({ slot, x: first.x + (slot - first.time) * barSpacing, value }));
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
    if (!data || !options) return;
    const placed = dotsOf(data);
    target.useMediaCoordinateSpace(({ context }) => {
      context.strokeStyle = options.color;
      context.fillStyle = options.color;
      context.lineWidth = options.lineWidth;
      context.lineJoin = "round";
      context.setLineDash(options.dashed ? [4, 3] : []);
      const dots = placed.map(({ x, value }) => ({ x, y: toY(value) ?? NaN }));
      for (const [begin, end] of runsOf(placed.map(({ slot }) => slot))) {
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
