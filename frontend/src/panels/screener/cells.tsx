import type { ReactNode } from "react";

import type { Catalog, MetricRow, NumberColumn } from "../../api/types";
import { useFlash } from "../../hooks/useFlash";
import { exact } from "../../lib/format";
import { provenance, type RefreshOf } from "../../lib/provenance";
import { type CellNote, explain } from "../../lib/quality";

const TONE = { 1: "text-up", 0: "text-ink", [-1]: "text-down" } as const;

/** An empty cell that says why: never a zero, never blank. */
export function Absent({ note }: { note: CellNote }) {
  switch (note.state) {
    case "unpublished":
      return (
        <span title={note.reason} className="cursor-help text-ink-faint">
          <span aria-hidden="true">–</span>
          <span className="sr-only">not published</span>
        </span>
      );
    case "guarded":
      return (
        <span title={note.reason} className="hatched cursor-help rounded-sm px-1.5 text-micro font-medium text-warn">
          refused
        </span>
      );
    case "gap":
      return (
        <span title={note.reason} className="cursor-help border-b border-dashed border-hole/80 text-micro text-hole">
          gap
        </span>
      );
    case "warming":
      return (
        <span title={note.reason} className="cursor-help text-micro italic text-ink-faint">
          warming
        </span>
      );
    case "unlisted":
      return (
        <span title={note.reason} className="cursor-help text-ink-faint">
          <span aria-hidden="true">·</span>
          <span className="sr-only">not known for this coin</span>
        </span>
      );
    default:
      return (
        <span title={note.reason} className="cursor-help text-ink-faint">
          <span aria-hidden="true">?</span>
          <span className="sr-only">not known</span>
        </span>
      );
  }
}

interface NumberCellProps {
  row: MetricRow;
  column: NumberColumn;
  fallback?: NumberColumn | undefined;
  catalog: Catalog | null;
  refresh: RefreshOf;
  format: (value: number) => string;
  /** -1, 0 or 1 colours the number; its sign is in the text. */
  tone?: ((value: number) => -1 | 0 | 1) | undefined;
  className?: string | undefined;
  before?: ((value: number) => ReactNode) | undefined;
  after?: ReactNode;
  /** Background for a heat cell. */
  heat?: ((value: number) => string | undefined) | undefined;
}

/** The column that is shown, and its value: the fallback's while the column itself is not known. */
function shownOf(row: MetricRow, column: NumberColumn, fallback: NumberColumn): [NumberColumn, number | null] {
  const value = row[column] ?? null;
  return value === null ? [fallback, row[fallback] ?? null] : [column, value];
}

/** One number: formatted, coloured by its sign, flashing once when its text changes. */
export function NumberCell(props: NumberCellProps) {
  const { row, column, fallback = column, format, tone, heat, before, after, className = "" } = props;
  const [shown, value] = shownOf(row, column, fallback);
  const text = value === null ? "" : format(value);
  const flash = useFlash<HTMLSpanElement>(text, value);
  if (value === null) return <Absent note={explain(row, column, props.catalog)} />;
  return (
    <span
      ref={flash}
      title={[exact(value), ...provenance(row, shown, props.refresh)].join("\n")}
      className={`-mx-1 flex items-center justify-end gap-1.5 rounded-sm px-1 ${tone ? TONE[tone(value)] : ""} ${className}`}
      style={{ backgroundColor: heat?.(value) }}
    >
      {before?.(value)}
      <span>{text}</span>
      {after}
    </span>
  );
}
