import { useCallback, useSyncExternalStore } from "react";

import { type Choice, choose, chosen, onChoice } from "../lib/stored";

/** A remembered choice and how to change it; every part of the page and every tab sees the same. */
export function useChoice<T>(choice: Choice<T>): [T, (next: T | ((before: T) => T)) => void] {
  const subscribe = useCallback((listener: () => void) => onChoice(choice.name, listener), [choice]);
  const value = useSyncExternalStore(subscribe, () => chosen(choice));
  const set = useCallback(
    (next: T | ((before: T) => T)) => {
      choose(choice, typeof next === "function" ? (next as (before: T) => T)(chosen(choice)) : next);
    },
    [choice],
  );
  return [value, set];
}
