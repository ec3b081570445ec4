import type { IChartApi } from "lightweight-charts";

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
