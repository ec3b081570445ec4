import type { RowView } from "../../lib/rows";
import type { Sort } from "../../lib/setup";
import { columnOf } from "./columns";

type Value = number | string | undefined;

const rank = (a: number | string, b: number | string) => (a < b ? -1 : a > b ? 1 : 0);

/** Unknown stands last, whichever way. */
function compare(a: Value, b: Value, desc: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  return desc ? rank(b, a) : rank(a, b);
}

/** Rows by several columns, the first decides; ties keep the order they come in (largest first). */
export function sorted(views: readonly RowView[], sort: readonly Sort[]): RowView[] {
  const keys = sort.flatMap(({ id, desc }) => {
    const valueOf = columnOf(id)?.sortValue;
    return valueOf ? [{ desc, values: new Map(views.map((view) => [view, valueOf(view)])) }] : [];
  });
  return [...views].sort((a, b) => {
    for (const { desc, values } of keys) {
      const order = compare(values.get(a), values.get(b), desc);
      if (order !== 0) return order;
    }
    return 0;
  });
}
