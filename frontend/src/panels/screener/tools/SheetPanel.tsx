import FilterBar from "../filter/FilterBar";
import { Count } from "../Count";
import { SortList } from "./ColumnsPanel";
import { ExportPanel } from "./ExportPanel";
import { heading } from "./styles";
import type { ToolProps } from "./ToolPanel";
import { ViewsPanel } from "./ViewsPanel";

/** Everything a phone's toolbar has no room for. */
export function SheetPanel(props: ToolProps) {
  const { chosen, rows, total, control } = props;
  return (
    <>
      <Count shown={rows.length} total={total} unknown={chosen.unknown} columns={chosen.expression?.columns ?? null} />
      <h3 className={`${heading} mt-3`}>Sorted by</h3>
      <SortList control={control} />
      <h3 className={heading}>Filter</h3>
      <FilterBar stacked onClose={() => undefined} />
      <h3 className={heading}>Views</h3>
      <ViewsPanel {...props} />
      <h3 className={heading}>Export</h3>
      <ExportPanel {...props} />
    </>
  );
}
