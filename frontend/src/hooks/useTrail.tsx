import { createContext, type ReactNode, useContext, useEffect, useState } from "react";

const KEPT = 120;

interface Trail {
  scope: string;
  values: readonly number[];
}

const Trails = createContext<Map<string, Trail>>(new Map());

/** Keeps trails by name while what is in it lives: a view that is left and shown again goes on with them. */
export function TrailKeeper({ children }: { children: ReactNode }) {
  const [trails] = useState<Map<string, Trail>>(() => new Map());
  return <Trails.Provider value={trails}>{children}</Trails.Provider>;
}

/** The last values of a figure since the page was opened; `scope` names what it is summed over. */
export function useTrail(name: string, value: number | null, scope: string): readonly number[] {
  const kept = useContext(Trails);
  const [trail, setTrail] = useState<Trail>(() => kept.get(name) ?? { scope, values: [] });
  const values = trail.scope === scope ? trail.values : [];
  if (value !== null && values[values.length - 1] !== value) {
    setTrail({ scope, values: [...values.slice(1 - KEPT), value] });
  }
  useEffect(() => {
    kept.set(name, trail);
  }, [kept, name, trail]);
  return values;
}
