import { useEffect, useState } from "react";

/** The value once it has stood still for `ms`; the first one of each scope at once. */
export function useSettled(scope: string, value: string | null, ms: number): string | null {
  const [settled, setSettled] = useState({ scope, value });
  const known = settled.scope === scope && settled.value !== null ? settled : { scope, value };
  if (known.value !== settled.value || known.scope !== settled.scope) setSettled(known);
  const waiting = value !== null && value !== known.value;
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(() => setSettled({ scope, value }), ms);
    return () => clearTimeout(timer);
  }, [waiting, scope, value, ms]);
  return known.value;
}
