import { useSyncExternalStore } from "react";

export interface Pointed {
  /** Slot under the crosshair; null when it is off the bars. */
  slot: number | null;
  /** Id of the marker under it. */
  hovered: string | null;
  at: { x: number; y: number } | null;
}

const NOWHERE: Pointed = { slot: null, hovered: null, at: null };

/** Where the crosshair is: only what shows it is painted again as it moves. */
export class Pointer {
  private now = NOWHERE;
  private readonly listeners = new Set<() => void>();

  set = (next: Pointed) => {
    this.now = next;
    this.listeners.forEach((listener) => listener());
  };
  get = () => this.now;
  listen = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export const usePointer = (pointer: Pointer) => useSyncExternalStore(pointer.listen, pointer.get);
