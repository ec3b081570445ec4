import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";

import { useUrl } from "../../hooks/useUrl";
import type { Chip, Filter } from "../../lib/filter";
import { onScreenerKey, type ScreenerKey } from "../../lib/screenerKeys";
import type { RowView } from "../../lib/rows";
import { Icon, type IconName } from "../../ui/Icon";
import { Chips } from "./Chips";
import type { CellContext } from "./columns";
import { Count } from "./Count";
import type { Chosen } from "./useSelection";
import type { SetupControl } from "./useSetup";
import { ViewButton, WatchButton } from "./ToolbarButtons";

const FilterBar = lazy(() => import("./filter/FilterBar"));
const ToolPanel = lazy(() => import("./tools/ToolPanel"));

export interface ToolbarProps {
  tf: string;
  phone: boolean;
  filter: Filter;
  context: CellContext;
  control: SetupControl;
  chosen: Chosen;
  rows: readonly RowView[];
  total: number;
  onChip: (chip: Chip) => void;
}

/** What may stand open under the toolbar, one at a time. */
export type Tool = "views" | "watch" | "columns" | "export" | "sheet";

const tool = "flex h-7 shrink-0 items-center justify-center rounded-md border border-edge text-ink-soft hover:bg-raised hover:text-ink-strong aria-expanded:bg-raised aria-expanded:text-ink-strong max-md:h-8";

interface ToolButtonProps {
  icon: IconName;
  label: string;
  title: string;
  open: boolean;
  on?: boolean;
  word?: string;
  onClick: (anchor: HTMLElement) => void;
}

function ToolButton({ icon, label, title, open, on = false, word, onClick }: ToolButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={title}
      aria-expanded={open}
      onClick={(event) => onClick(event.currentTarget)}
      className={`${tool} ${word ? "gap-1.5 px-2 text-micro font-medium" : "w-7"} ${on ? "border-accent text-accent" : ""}`}
    >
      <Icon name={icon} className="h-3.5 w-3.5" />
      {word}
    </button>
  );
}

/** Keys that open what a button opens, wherever the focus is. */
function useOpeners(open: (tool: Tool) => void, toggleFilter: () => void) {
  const latest = useRef({ open, toggleFilter });
  useEffect(() => {
    latest.current = { open, toggleFilter };
  });
  useEffect(
    () =>
      onScreenerKey((key: ScreenerKey) => {
        if (key === "filter") latest.current.toggleFilter();
        else latest.current.open(key);
      }),
    [],
  );
}

function useTools() {
  const [open, setOpen] = useState<{ tool: Tool; anchor: HTMLElement | null } | null>(null);
  const bar = useRef<HTMLDivElement>(null);
  const close = useCallback(() => setOpen(null), []);
  const show = (tool: Tool, anchor?: HTMLElement) => {
    const button = anchor ?? bar.current?.querySelector<HTMLElement>(`[data-tool=${tool}] button, button[data-tool=${tool}]`) ?? null;
    setOpen((before) => (before?.tool === tool ? null : { tool, anchor: button }));
  };
  return { open, bar, close, show };
}

interface ToolsProps {
  isOpen: (tool: Tool) => boolean;
  show: (tool: Tool, anchor: HTMLElement) => void;
  filtered: boolean;
}

function Problem({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <p role="alert" className="shrink-0 border-b border-line bg-warn/10 px-3 py-1.5 text-xs text-warn">
      {text} It leaves nothing out.
    </p>
  );
}

function DeskView({ isOpen, show, control, filter: { chip }, phone }: ToolsProps & ToolbarProps) {
  if (phone) return null;
  return (
    <span data-tool="views" className="shrink-0">
      <ViewButton control={control} chip={chip} open={isOpen("views")} onClick={(anchor) => show("views", anchor)} />
    </span>
  );
}

function PhoneTools({ isOpen, show, filtered }: ToolsProps) {
  return (
    <span data-tool="sheet" className="ml-auto shrink-0">
      <ToolButton icon="sort" label="Sort, filter and views" title="Sort, filter and views" word="Sort · filter" open={isOpen("sheet")} on={filtered} onClick={(anchor) => show("sheet", anchor)} />
    </span>
  );
}

function DeskTools({ isOpen, show, filtered, filtering, onFilter }: ToolsProps & { filtering: boolean; onFilter: () => void }) {
  return (
    <span className="ml-auto flex shrink-0 items-center gap-1.5">
      <ToolButton icon="settings" label="Filter by a condition" title="Filter by a condition (f)" word="Filter" open={filtering} on={filtered} onClick={onFilter} />
      <span data-tool="columns">
        <ToolButton icon="columns" label="Columns, order and density" title="Columns, order and density (c)" open={isOpen("columns")} onClick={(anchor) => show("columns", anchor)} />
      </span>
      <span data-tool="export">
        <ToolButton icon="download" label="Export what is shown" title="Export what is shown (x)" open={isOpen("export")} onClick={(anchor) => show("export", anchor)} />
      </span>
    </span>
  );
}

/** What is shown, chosen and hidden: views, ready-made filters, the reader's own condition, columns, export. */
export function Toolbar(props: ToolbarProps) {
  const { phone, filter, context, chosen, total } = props;
  const filtered = (useUrl("filter") ?? "") !== "";
  const [asked, setAsked] = useState(false);
  const { open, bar, close, show } = useTools();
  const filtering = (asked || filtered) && !phone;
  const toggleFilter = () => setAsked(!filtering);
  useOpeners(show, () => (phone ? show("sheet") : toggleFilter()));
  const tools = { isOpen: (one: Tool) => open?.tool === one, show, filtered };
  return (
    <>
      <div ref={bar} className="flex h-10 shrink-0 items-center gap-2 border-b border-line px-2 max-md:h-12 max-md:px-3">
        <DeskView {...props} {...tools} />
        <Chips chip={filter.chip} limits={context.limits} onChip={props.onChip} />
        <span data-tool="watch" className="shrink-0">
          <WatchButton open={tools.isOpen("watch")} onClick={(anchor) => show("watch", anchor)} />
        </span>
        {!phone && <Count shown={props.rows.length} total={total} unknown={chosen.unknown} columns={chosen.expression?.columns ?? null} />}
        {phone ? <PhoneTools {...tools} /> : <DeskTools {...tools} filtering={filtering} onFilter={toggleFilter} />}
      </div>
      <Problem text={chosen.problem} />
      <Suspense fallback={null}>
        {filtering && <FilterBar onClose={() => setAsked(false)} />}
        {open && <ToolPanel {...props} tool={open.tool} anchor={open.anchor} onClose={close} />}
      </Suspense>
    </>
  );
}
