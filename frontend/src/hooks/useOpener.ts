import { type Ref, type RefObject, useCallback, useImperativeHandle, useRef } from "react";

/** For whoever closes what was opened from a view without a table of pairs. */
export interface OpenerHandle {
  move: (delta: number) => boolean;
  focus: (pair: string | null) => void;
}

/** `open` as it is, but what had the focus then gets it back; the panel where that is gone. */
export function useOpener<A extends unknown[]>(handle: Ref<OpenerHandle>, panel: RefObject<HTMLElement>, open: (...args: A) => void): (...args: A) => void {
  const opener = useRef<Element | null>(null);
  useImperativeHandle(
    handle,
    () => ({
      move: () => false,
      focus: () => {
        const { current } = opener;
        (current instanceof HTMLElement && current.isConnected ? current : panel.current)?.focus({ preventScroll: true });
      },
    }),
    [panel],
  );
  return useCallback(
    (...args: A) => {
      opener.current = document.activeElement;
      open(...args);
    },
    [open],
  );
}
