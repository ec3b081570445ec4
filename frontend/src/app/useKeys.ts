import { useHotkeys } from "../hooks/useHotkeys";

export interface Commands {
  search: () => void;
  move: (delta: number) => void;
  escape: () => void;
  nextTimeframe: () => void;
  toggleRail: () => void;
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
  const move = (delta: number) => prevented(() => commands.move(delta));
  useHotkeys({
    "/": prevented(commands.search),
    ArrowDown: move(1),
    ArrowUp: move(-1),
    PageDown: move(PAGE),
    PageUp: move(-PAGE),
    Home: move(-ALL),
    End: move(ALL),
    Escape: commands.escape,
    t: commands.nextTimeframe,
    a: commands.toggleRail,
    "?": prevented(commands.help),
  });
}
