import { useMemo } from "react";

import { useChoice } from "../../hooks/useChoice";
import { type Density, nextSort, type Setup, SETUP, type Sort } from "../../lib/setup";
import type { Choice } from "../../lib/stored";
import { columnOf } from "./columns";

export interface SetupControl {
  setup: Setup;
  /** What a click on a heading does; `add` keeps the other columns of the sort. */
  toggleSort: (id: string, add: boolean) => void;
  setSort: (sort: readonly Sort[]) => void;
  setColumns: (ids: readonly string[]) => void;
  setDensity: (density: Density) => void;
  setSetup: (setup: Setup) => void;
}

const descFirst = (id: string) => {
  const column = columnOf(id);
  return column?.descFirst ?? column?.align === "right";
};

/** The layout of a table of pairs and what changes it. */
export function useSetup(choice: Choice<Setup> = SETUP): SetupControl {
  const [setup, setSetup] = useChoice(choice);
  return useMemo(() => {
    const change = (patch: Partial<Setup>) => setSetup((before) => ({ ...before, ...patch }));
    return {
      setup,
      toggleSort: (id, add) => setSetup((before) => ({ ...before, sort: nextSort(before.sort, id, descFirst(id), add) })),
      setSort: (sort) => change({ sort }),
      setColumns: (columns) => change({ columns }),
      setDensity: (density) => change({ density }),
      setSetup: ({ columns, sort, density }) => setSetup({ columns, sort, density }),
    };
  }, [setup, setSetup]);
}
