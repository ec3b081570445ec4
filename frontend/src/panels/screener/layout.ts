import type { CSSProperties } from "react";

import type { Density } from "../../lib/setup";
import { type Column, columnsOf } from "./columns";

/** A column at its place in the table. */
export interface Placed {
  column: Column;
  index: number;
  /** Left edge and width in px, as long as the table is not wider than it must be. */
  left: number;
  width: number;
  /** Begins a group of columns that belong together. */
  first: boolean;
  style: CSSProperties;
}

export interface Layout {
  placed: readonly Placed[];
  template: string;
  minWidth: number;
  groups: readonly { key: string; name: string; start: number; span: number }[];
  rowHeight: number;
  compact: boolean;
}

const ROW_HEIGHT: Record<Density, number> = { normal: 32, compact: 25 };

/** Everything about the columns that does not change from row to row: made once per choice. `groups`: other names for those of some columns. */
export function layoutOf(ids: readonly string[], density: Density, groups: Readonly<Record<string, string>> = {}): Layout {
  return laidOut(columnsOf(ids).map((column) => ({ ...column, group: groups[column.id] ?? column.group })), density);
}

function laidOut(columns: readonly Column[], density: Density): Layout {
  let left = 0;
  const placed = columns.map((column, index): Placed => {
    const place = {
      column,
      index,
      left,
      width: column.width,
      first: index > 1 && columns[index - 1]?.group !== column.group,
      style: { gridColumn: index + 1 },
    };
    left += column.width;
    return place;
  });
  const groups: { key: string; name: string; start: number; span: number }[] = [];
  for (const { column, index } of placed) {
    const last = groups[groups.length - 1];
    if (last?.name === column.group && index > 1) last.span += 1;
    else groups.push({ key: `${column.group} ${index}`, name: column.group, start: index, span: 1 });
  }
  return {
    placed,
    template: columns.map(({ width }) => `minmax(${width}px, ${width}fr)`).join(" "),
    minWidth: left,
    groups,
    rowHeight: ROW_HEIGHT[density],
    compact: density === "compact",
  };
}

/** The columns in sight of a table scrolled so far and so wide, one more on either side, the pair's name always. */
export function inSight(layout: Layout, scrollLeft: number, width: number): readonly [from: number, to: number] {
  const stretch = Math.max(1, width / layout.minWidth);
  const pinned = (layout.placed[0]?.width ?? 0) * stretch;
  const last = layout.placed.length - 1;
  const seen = layout.placed.filter(
    (place) => (place.left + place.width) * stretch > scrollLeft + pinned && place.left * stretch < scrollLeft + width,
  );
  return [Math.max(1, (seen[0]?.index ?? 1) - 1), Math.min(last, (seen[seen.length - 1]?.index ?? last) + 1)];
}
