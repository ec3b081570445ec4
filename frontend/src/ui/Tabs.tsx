import type { KeyboardEvent } from "react";

export interface TabItem {
  id: string;
  label: string;
}

interface Props {
  label: string;
  items: readonly TabItem[];
  current: string;
  /** Ids of tabs and of the panel begin with it. */
  prefix: string;
  onChoose: (id: string) => void;
}

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

/** Tabs over one panel, whose id is `<prefix>-panel`; arrows move the choice. */
export function Tabs({ label, items, current, prefix, onChoose }: Props) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = items.findIndex(({ id }) => id === current);
    const next = items[(at + step + items.length) % items.length];
    if (next === undefined) return;
    onChoose(next.id);
    document.getElementById(`${prefix}-${next.id}`)?.focus();
  };
  return (
    <div role="tablist" aria-label={label} tabIndex={-1} onKeyDown={onKeyDown} className="flex shrink-0 gap-1 overflow-x-auto px-3 py-1">
      {items.map(({ id, label: text }) => (
        <button
          key={id}
          id={`${prefix}-${id}`}
          type="button"
          role="tab"
          aria-selected={id === current}
          aria-controls={`${prefix}-panel`}
          tabIndex={id === current ? 0 : -1}
          onClick={() => onChoose(id)}
          className={`h-8 whitespace-nowrap rounded-md px-3 text-xs font-medium focus-visible:-outline-offset-2 ${
            id === current ? "bg-raised text-ink-strong ring-1 ring-inset ring-edge" : "text-ink-soft hover:bg-raised hover:text-ink-strong"
          }`}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
