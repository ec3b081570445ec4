import type { RowView } from "../../lib/rows";
import { exchangeName } from "../../lib/exchanges";
import { toggleStar } from "../../lib/watch";

const PATH = "M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z";

interface Props {
  pair: RowView;
  starred: boolean;
  className?: string;
  /** On a card it is reached by Tab; in the table a key sets it. */
  tabbable?: boolean;
}

/** Puts a pair on the current watchlist, or takes it off. */
export function Star({ pair, starred, className = "", tabbable = false }: Props) {
  const { row, key } = pair;
  return (
    <button
      type="button"
      tabIndex={tabbable ? 0 : -1}
      aria-pressed={starred}
      aria-label={`Watch ${row.symbol.split(":")[0]} on ${exchangeName(row.exchange)}`}
      title={starred ? "On the watchlist (w takes it off)" : "Put on the watchlist (w)"}
      onClick={(event) => {
        event.stopPropagation();
        toggleStar(key);
      }}
      className={`flex shrink-0 items-center justify-center rounded hover:text-accent ${starred ? "text-accent" : "text-ink-faint"} ${className}`}
    >
      <svg viewBox="0 0 16 16" className="h-3.5 w-3.5" aria-hidden="true">
        <path d={PATH} fill={starred ? "currentColor" : "none"} stroke="currentColor" strokeWidth="1.3" strokeLinejoin="round" />
      </svg>
    </button>
  );
}
