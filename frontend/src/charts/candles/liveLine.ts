import { type IPriceLine, type ISeriesApi, LineStyle, type SeriesType } from "lightweight-charts";

/** A line named "live" at a value that moves between closes; none while it is unknown. */
export class LiveLine {
  private line: IPriceLine | null = null;
  private on: ISeriesApi<SeriesType> | null = null;

  draw(series: ISeriesApi<SeriesType> | null, value: number | null, color: string): void {
    if (this.line && (value === null || series !== this.on)) this.clear();
    if (series === null || value === null) return;
    if (this.line) this.line.applyOptions({ price: value, color });
    else {
      this.on = series;
      this.line = series.createPriceLine({
        price: value, title: "live", color, lineStyle: LineStyle.Dotted, lineWidth: 1, axisLabelVisible: true,
      });
    }
  }

  /** Before its series goes. */
  clear(): void {
    if (this.line) this.on?.removePriceLine(this.line);
    this.line = null;
    this.on = null;
  }
}
