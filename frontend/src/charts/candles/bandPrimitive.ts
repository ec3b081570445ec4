import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  Logical,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";

import type { Band, BandKind } from "./bands";
import type { ChartColours } from "../colours";

interface Box {
  kind: BandKind;
  left: number;
  right: number;
}

const STRIP_PX = 5;
const HATCH_PX = 6;

type Draw = (context: CanvasRenderingContext2D, box: Box, height: number, colours: ChartColours) => void;

function hatch(context: CanvasRenderingContext2D, { left, right }: Box, top: number, bottom: number): void {
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.beginPath();
  const height = bottom - top;
  for (let x = left - height; x < right; x += HATCH_PX) {
    context.moveTo(x, bottom);
    context.lineTo(x + height, top);
  }
  context.lineWidth = 1.5;
  context.stroke();
  context.restore();
}

const filled = (alpha: number, colour: (c: ChartColours) => string): Draw => (context, { left, right }, height, colours) => {
  context.globalAlpha = alpha;
  context.fillStyle = colour(colours);
  context.fillRect(left, 0, right - left, height);
};

const hatched = (alpha: number, colour: (c: ChartColours) => string, strip = false): Draw => (context, box, height, colours) => {
  context.globalAlpha = alpha;
  context.strokeStyle = colour(colours);
  hatch(context, box, strip ? height - STRIP_PX : 0, height);
};

/** A strip in dashes of so many px: kinds differ by their form, not by colour alone. */
const strip = (dash: number[], colour: (c: ChartColours) => string): Draw => (context, { left, right }, height, colours) => {
  context.globalAlpha = 0.9;
  context.strokeStyle = colour(colours);
  context.lineWidth = STRIP_PX - 2;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(left, height - STRIP_PX / 2);
  context.lineTo(right, height - STRIP_PX / 2);
  context.stroke();
};

const DRAW: Partial<Record<BandKind, Draw>> = {
  tier2: filled(0.22, (c) => c.tier2),
  here: filled(0.28, (c) => c.accent),
  gap: hatched(0.35, (c) => c.faint),
  refused: hatched(0.7, (c) => c.warn),
  guarded: hatched(0.9, (c) => c.warn, true),
  stale: strip([], (c) => c.faint),
  backfilled: strip([2, 2], (c) => c.accent),
  other: strip([6, 2], (c) => c.warn),
};

class View implements IPrimitivePaneView, IPrimitivePaneRenderer {
  constructor(private readonly boxes: () => Box[], private readonly colours: () => ChartColours) {}

  zOrder = () => "bottom" as const;

  renderer(): IPrimitivePaneRenderer {
    return this;
  }

  draw: IPrimitivePaneRenderer["draw"] = (target) => {
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      for (const box of this.boxes()) {
        context.save();
        DRAW[box.kind]?.(context, box, mediaSize.height, this.colours());
        context.restore();
      }
    });
  };
}

/** Draws bands behind a series; slots are the chart's logical indices. */
export class BandPrimitive implements ISeriesPrimitive<Time> {
  private bands: readonly Band[] = [];
  private attachedTo: Pick<SeriesAttachedParameter<Time>, "chart" | "requestUpdate"> | null = null;
  private readonly view: View;

  constructor(private colours: ChartColours) {
    this.view = new View(() => this.boxes(), () => this.colours);
  }

  set(bands: readonly Band[], colours: ChartColours): void {
    this.bands = bands;
    this.colours = colours;
    this.attachedTo?.requestUpdate();
  }

  attached(to: SeriesAttachedParameter<Time>): void {
    this.attachedTo = to;
  }

  detached(): void {
    this.attachedTo = null;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  private boxes(): Box[] {
    const scale = this.attachedTo?.chart.timeScale();
    const shown = scale?.getVisibleLogicalRange();
    if (!scale || !shown) return [];
    const half = Math.max(scale.options().barSpacing / 2, 1.5);
    return this.bands
      .filter((band) => band.to >= shown.from - 1 && band.from <= shown.to + 1)
      .flatMap((band) => {
        const left = scale.logicalToCoordinate(band.from as Logical);
        const right = scale.logicalToCoordinate(band.to as Logical);
        return left === null || right === null ? [] : [{ kind: band.kind, left: left - half, right: right + half }];
      });
  }
}
