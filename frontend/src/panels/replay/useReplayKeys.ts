import type { Dispatch } from "react";

import { type Hotkeys, useHotkeys } from "../../hooks/useHotkeys";
import { type Act, type Player, SPEEDS } from "../../lib/playback/player";
import { loopAct } from "./Controls";

interface Neighbours {
  previous: number | null;
  next: number | null;
}

/** What a key means on an element that has a use for it itself. */
const OWN_SPACE = "button, a, summary, select, [role=tab]";
const OWN_ENDS = "[role=table], [role=listbox]";

const unlessIn = (place: string, run: () => void) => (event: KeyboardEvent) => {
  if (event.target instanceof Element && event.target.closest(place)) return;
  if (document.querySelector("[aria-modal=true]") !== null) return;
  event.preventDefault();
  run();
};

/** The keys of the player. */
export function useReplayKeys(player: Player, { previous, next }: Neighbours, dispatch: Dispatch<Act>): void {
  const plain = (one: Act) => unlessIn("[role=dialog]", () => dispatch(one));
  const to = (ts: number | null) => unlessIn("[role=dialog]", () => ts !== null && dispatch({ do: "seek", at: ts }));
  const speeds: Hotkeys = Object.fromEntries(SPEEDS.map((speed, i) => [String(i + 1), plain({ do: "speed", speed })]));
  // First: the page's own Home and End move through a table, which here is but a part of the page.
  useHotkeys(
    {
      ...speeds,
      " ": unlessIn(OWN_SPACE, () => dispatch({ do: "toggle" })),
      ",": plain({ do: "step", by: -1 }),
      ".": plain({ do: "step", by: 1 }),
      Home: unlessIn(OWN_ENDS, () => dispatch({ do: "first" })),
      End: unlessIn(OWN_ENDS, () => dispatch({ do: "last" })),
      b: plain(loopAct(player)),
      n: to(next),
      p: to(previous),
    },
    true,
  );
}
