import { type MutableRefObject, Suspense, useCallback, useRef } from "react";

import type { Bars } from "../../charts/bars";
import { readColours } from "../../charts/colours";
import type { LinesHandle } from "../../charts/lines/LinePanes";
import { LinePanes } from "../../charts/registry";
import { captionOf, imageOf, pictureOf, type Shown } from "./exports";
import type { Series } from "./useBars";
import { type Exporter, useExporter } from "./useExporter";
import type { Panes } from "./usePanes";

interface Props {
  series: Series;
  bars: Bars;
  panes: Panes;
  mode: "live" | "simulated" | null;
  exporterRef: MutableRefObject<Exporter | null>;
}

const NAME_PX = 16;

/** Each drawing under the name of its pane. */
async function drawn(shown: Shown, drawings: readonly SVGElement[], mode: Props["mode"]): Promise<HTMLCanvasElement> {
  const images = await Promise.all(drawings.map(imageOf));
  const boxes = drawings.map((svg) => svg.getBoundingClientRect());
  const tops = boxes.map((_, i) => boxes.slice(0, i).reduce((sum, { height }) => sum + height + NAME_PX, NAME_PX));
  const parts = images.map((image, i) => ({ image, top: tops[i] ?? 0, width: boxes[i]?.width ?? 0, height: boxes[i]?.height ?? 0 }));
  const names = shown.panes.map((pane, i) => ({ top: (tops[i] ?? 0) - NAME_PX, text: `${pane.title} ${pane.unit(shown.bars, shown.to)}` }));
  return pictureOf(parts, window.devicePixelRatio, captionOf(shown, mode), names, readColours());
}

/** Every pane as lines over the same bars. */
export function LinesTab(props: Props) {
  const { series, bars, panes, mode, exporterRef } = props;
  const chart = useRef<LinesHandle>(null);
  const shown = useCallback((): Shown | null => {
    const view = chart.current?.view();
    return view ? { series, bars, ...view, panes: panes.forLines, onPrice: [] } : null;
  }, [series, bars, panes]);
  const picture = useCallback(async (one: Shown) => {
    const drawings = chart.current?.drawings() ?? [];
    return drawings.length > 0 ? drawn(one, drawings, mode) : null;
  }, [mode]);
  useExporter(exporterRef, shown, picture);
  return (
    <Suspense fallback={<div className="skeleton m-2 h-[calc(100%-1rem)]" />}>
      <LinePanes bars={bars} panes={panes.forLines} label={`Lines of ${series.symbol}`} handle={chart} />
    </Suspense>
  );
}
