import type { IconName } from "./Icon";

export interface NavItem {
  id: string;
  label: string;
  icon: IconName;
}

/** The views as links of the top bar; nothing where there is but one. */
export function Nav({ items, current, onGo }: { items: readonly NavItem[]; current: string; onGo: (id: string) => void }) {
  if (items.length < 2) return null;
  return (
    <nav aria-label="Views" className="flex gap-0.5 max-md:hidden">
      {items.map(({ id, label }) => (
        <button
          key={id}
          type="button"
          aria-current={id === current ? "page" : undefined}
          onClick={() => onGo(id)}
          className={`h-8 rounded-md px-2.5 text-xs font-medium ${
            id === current ? "bg-raised text-ink-strong" : "text-ink-soft hover:bg-raised hover:text-ink-strong"
          }`}
        >
          {label}
        </button>
      ))}
    </nav>
  );
}
