import { useChoice } from "../../hooks/useChoice";
import { useUrl } from "../../hooks/useUrl";
import type { Chip } from "../../lib/filter";
import { DEFAULT_VIEW, sameView, VIEW, VIEWS } from "../../lib/savedViews";
import { currentList, WATCH } from "../../lib/watch";
import type { SetupControl } from "./useSetup";

const button =
  "flex h-7 shrink-0 items-center gap-1.5 rounded-md border border-edge px-2 text-micro font-medium text-ink-soft hover:bg-raised hover:text-ink-strong aria-expanded:bg-raised aria-expanded:text-ink-strong max-md:h-8";

interface ButtonProps {
  open: boolean;
  onClick: (anchor: HTMLElement) => void;
}

/** The view in use; a mark when what is shown is no longer it. */
export function ViewButton({ control, chip, open, onClick }: ButtonProps & { control: SetupControl; chip: Chip }) {
  const [views] = useChoice(VIEWS);
  const [current] = useChoice(VIEW);
  const filter = useUrl("filter") ?? "";
  const view = views.find(({ name }) => name === current) ?? DEFAULT_VIEW;
  const changed = !sameView(view, { ...control.setup, name: view.name, filter, chip });
  return (
    <button type="button" className={button} aria-expanded={open} title="Views (v)" onClick={(event) => onClick(event.currentTarget)}>
      <span className="max-w-[9rem] truncate text-ink-strong">
        <span className="sr-only">View: </span>
        {view.name}
      </span>
      {changed && (
        <span title="Changed since it was saved" className="text-warn">
          <span aria-hidden="true">•</span>
          <span className="sr-only">changed</span>
        </span>
      )}
      <span aria-hidden="true">▾</span>
    </button>
  );
}

/** The current watchlist: how many pairs are on it, and whether only they are shown. */
export function WatchButton({ open, onClick }: ButtonProps) {
  const [watch] = useChoice(WATCH);
  const { name, pairs } = currentList(watch);
  return (
    <button
      type="button"
      aria-expanded={open}
      aria-label={`Watchlists: ${name}, ${pairs.length} pairs${watch.only ? ", only these are shown" : ""}`}
      title="Watchlists (l)"
      onClick={(event) => onClick(event.currentTarget)}
      className={`${button} ${watch.only ? "border-accent bg-accent/15 text-accent" : ""}`}
    >
      <svg viewBox="0 0 16 16" className="h-3.5 w-3.5" aria-hidden="true">
        <path
          d="M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z"
          fill={watch.only ? "currentColor" : "none"}
          stroke="currentColor"
          strokeWidth="1.3"
        />
      </svg>
      {pairs.length}
    </button>
  );
}
