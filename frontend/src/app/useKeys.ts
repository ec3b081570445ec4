import { useHotkeys } from "../hooks/useHotkeys";
import { pressScreenerKey } from "../lib/screenerKeys";

export interface Commands {
  search: () => void;
  /** False where there is no table to move through: the key is the browser's then. */
  move: (delta: number) => boolean;
  /** Along the row in use, cell by cell. */
  aside: (delta: number) => void;
  escape: () => void;
  nextTimeframe: () => void;
  toggleRail: () => void;
  /** Puts the pair in use on the watchlist, or takes it off. */
  star: () => void;
  feeds: () => void;
  help: () => void;
}

const PAGE = 15;
const ALL = 1_000_000;

/** The keys of the page; the help dialog lists them. */
export function useKeys(commands: Commands): void {
  const prevented = (run: () => void) => (event: KeyboardEvent) => {
    event.preventDefault();
    run();
  };
  // What a dialog covers cannot be used: its keys would act on something out of sight.
  const uncovered = (run: () => void) => (event: KeyboardEvent) => {
    if (document.querySelector("[aria-modal=true]") === null) prevented(run)(event);
  };
  const moveUnlessIn = (place: string, delta: number) => (event: KeyboardEvent) => {
    if (event.target instanceof Element && event.target.closest(place)) return;
    if (commands.move(delta)) event.preventDefault();
  };
  // Arrows walk the pairs even from the open details; there the larger steps scroll the details.
  const step = (delta: number) => moveUnlessIn("[aria-modal=true]", delta);
  const leap = (delta: number) => moveUnlessIn("[role=dialog]", delta);
  const aside = (delta: number) => (event: KeyboardEvent) => {
    if (!(event.target instanceof Element) || event.target.closest("[role=row][data-key]") === null) return;
    event.preventDefault();
    commands.aside(delta);
  };
  useHotkeys({
    "/": uncovered(commands.search),
    ArrowDown: step(1),
    ArrowUp: step(-1),
    PageDown: leap(PAGE),
    PageUp: leap(-PAGE),
    Home: leap(-ALL),
    End: leap(ALL),
    ArrowRight: aside(1),
    ArrowLeft: aside(-1),
    Escape: commands.escape,
    t: commands.nextTimeframe,
    a: uncovered(commands.toggleRail),
    e: uncovered(commands.feeds),
    w: commands.star,
    s: commands.star,
    f: uncovered(() => pressScreenerKey("filter")),
    v: uncovered(() => pressScreenerKey("views")),
    l: uncovered(() => pressScreenerKey("watch")),
    c: uncovered(() => pressScreenerKey("columns")),
    x: uncovered(() => pressScreenerKey("export")),
    "?": prevented(commands.help),
  });
}
