import { Popover } from "../../../ui/Popover";
import type { Tool, ToolbarProps } from "../Toolbar";
import { ColumnsPanel } from "./ColumnsPanel";
import { ExportPanel } from "./ExportPanel";
import { SheetPanel } from "./SheetPanel";
import { ViewsPanel } from "./ViewsPanel";
import { WatchPanel } from "./WatchPanel";

export interface ToolProps extends ToolbarProps {
  onClose: () => void;
}

const PANELS: Record<Tool, { label: string; width: number; Panel: (props: ToolProps) => React.ReactNode }> = {
  views: { label: "Views", width: 320, Panel: ViewsPanel },
  watch: { label: "Watchlists", width: 300, Panel: WatchPanel },
  columns: { label: "Columns", width: 340, Panel: ColumnsPanel },
  export: { label: "Export", width: 340, Panel: ExportPanel },
  sheet: { label: "Sort, filter and views", width: 360, Panel: SheetPanel },
};

/** The panel of one tool of the screener: below its button, or from the lower edge of a phone. */
export default function ToolPanel({ tool, anchor, ...props }: ToolProps & { tool: Tool; anchor: HTMLElement | null }) {
  const { label, width, Panel } = PANELS[tool];
  return (
    <Popover label={label} anchor={anchor} sheet={props.phone} width={width} onClose={props.onClose}>
      {props.phone && (
        <div className="mb-3 flex items-center">
          <h2 className="text-sm font-semibold text-ink-strong">{label}</h2>
          <button type="button" onClick={props.onClose} className="ml-auto h-9 rounded-md border border-edge px-4 text-xs text-ink">
            Done
          </button>
        </div>
      )}
      <Panel {...props} />
    </Popover>
  );
}
