import { useState } from "react";

const KEPT = 120;

/** The last values of a figure since the page was opened; `scope` names what it is summed over. */
export function useTrail(value: number | null, scope: string): readonly number[] {
  const [trail, setTrail] = useState<{ scope: string; values: number[] }>({ scope, values: [] });
  const values = trail.scope === scope ? trail.values : [];
  if (value !== null && values[values.length - 1] !== value) {
    setTrail({ scope, values: [...values.slice(1 - KEPT), value] });
  }
  return values;
}
