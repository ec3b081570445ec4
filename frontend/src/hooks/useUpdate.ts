import { useSyncExternalStore } from "react";

import { isUpdateReady, onUpdate, takeUpdate } from "../sw/register";

/** Whether a newer page waits, and how to take it. */
export function useUpdate(): { ready: boolean; reload: () => void } {
  return { ready: useSyncExternalStore(onUpdate, isUpdateReady), reload: takeUpdate };
}
