import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

import type { Alert } from "../../api/types";
import { AlertRow } from "./AlertRow";
import type { AlertPages } from "./useAlertPages";

interface Props {
  pages: AlertPages;
  /** Alerts that fit and are newer than the list. */
  news: number;
  stacked: boolean;
  chosenId: string | null;
  empty: ReactNode;
  onExplain: (alert: Alert) => void;
  onChart: (alert: Alert) => void;
}

const HEIGHT = { wide: 37, stacked: 78 };
const NEAR_TOP = 40;

/** Why there is no list, or not all of it. */
function State({ pages: { error, total, restart }, empty }: Pick<Props, "pages" | "empty">) {
  if (error !== null) {
    return (
      <p role="alert" className="px-4 py-2 text-xs text-down">
        The alerts could not be read: {error}{" "}
        <button type="button" className="underline" onClick={restart}>
          Try again
        </button>
      </p>
    );
  }
  if (total === null) return <p role="status" className="p-4 text-xs text-ink-soft">Reading the alerts…</p>;
  return total === 0 ? empty : null;
}

/** The stored alerts as one long list; only what is looked at is there, and only that is asked for. */
export function AlertList({ pages, news, stacked, chosenId, empty, onExplain, onChart }: Props) {
  const { total, need, restart } = pages;
  const scrollRef = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: total ?? 0,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => (stacked ? HEIGHT.stacked : HEIGHT.wide),
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => need(first, last), [need, first, last, total]);
  useEffect(() => virtual.measure(), [virtual, stacked]);
  // At the top the newest are what the reader looks for; further down the list stands still.
  useEffect(() => {
    if (news > 0 && (scrollRef.current?.scrollTop ?? 0) < NEAR_TOP) restart();
  }, [news, restart]);

  const toTop = () => {
    restart();
    virtual.scrollToOffset(0);
  };
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {news > 0 && (
        <button type="button" onClick={toTop} className="absolute left-1/2 top-2 z-10 -translate-x-1/2 rounded-full border border-edge bg-raised px-3 py-1 text-xs text-accent shadow-pop">
          {news} new · show
        </button>
      )}
      <State pages={pages} empty={empty} />
      <div ref={scrollRef} className="min-h-0 flex-1 overflow-y-auto">
        <ul aria-label="Stored alerts" className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const alert = pages.at(item.index);
            return (
              <li
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                aria-setsize={total ?? -1}
                aria-posinset={item.index + 1}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {alert ? (
                  <AlertRow alert={alert} stacked={stacked} chosen={String(alert.id) === chosenId} onExplain={onExplain} onChart={onChart} />
                ) : (
                  <div className="px-4 py-3">
                    <div className="skeleton h-3 w-2/3" />
                  </div>
                )}
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
