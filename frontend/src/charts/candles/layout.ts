import type { IChartApi, ISeriesApi, SeriesType } from "lightweight-charts";

/** Tells the top of each pane in px, when they are laid out and whenever they are anew; returns how to stop. */
export function followLayout(chart: IChartApi, told: (tops: number[]) => void): () => void {
  const tell = () => {
    let top = 0;
    // A pixel between panes is the line that parts them.
    told(chart.panes().map((pane) => (top += pane.getHeight() + 1) - pane.getHeight() - 1));
  };
  const observer = new ResizeObserver(tell);
  // Panes have elements from the chart's next frame on.
  const frame = requestAnimationFrame(() => {
    for (const pane of chart.panes()) {
      const element = pane.getHTMLElement();
      if (element) observer.observe(element);
    }
  });
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}

/** Where a series is drawn: `top` of its pane and its height, and the width of its plot, in px. */
export interface Plot {
  top: number;
  height: number;
  width: number;
}

/** The plot of a series, without laying anything out; null before its pane is. */
export function plotOf(chart: IChartApi, series: ISeriesApi<SeriesType>): Plot | null {
  const index = series.getPane().paneIndex();
  const panes = chart.panes();
  const height = panes[index]?.getHeight();
  if (height === undefined) return null;
  const top = panes.slice(0, index).reduce((sum, pane) => sum + pane.getHeight() + 1, 0);
  return { top, height, width: chart.timeScale().width() };
}
