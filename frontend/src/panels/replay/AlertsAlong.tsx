import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

import { whole } from "../../lib/format";
import { type Noted, notedKey } from "../../lib/playback/marks";
import { AlertItem } from "./AlertItem";

interface Props {
  /** By time. */
  alerts: readonly Noted[];
  at: number;
  /** Some are still to be told. */
  partial: boolean;
  loaded: boolean;
  unread: number;
  error: string | null;
  onGo: (alert: Noted) => void;
}

const HEIGHT_PX = 62;

function State({ alerts, partial, loaded, unread, error }: Omit<Props, "at" | "onGo">) {
  if (error !== null) return <p role="alert" className="shrink-0 px-3.5 py-2 text-xs text-down">The alerts could not be read: {error}</p>;
  if (partial) return <p className="shrink-0 px-3.5 py-2 text-micro text-ink-soft">Alerts of final values are known of the bars that have been read.</p>;
  if (!loaded) return <p role="status" className="p-3.5 text-xs text-ink-soft">Reading the alerts…</p>;
  if (unread > 0) return <p className="shrink-0 px-3.5 py-2 text-micro text-ink-soft">The newest {whole(alerts.length)}: {whole(unread)} more are recorded before.</p>;
  if (alerts.length === 0) return <p role="status" className="p-3.5 text-xs leading-5 text-ink-soft">No alert began in this stretch.</p>;
  return null;
}

/** Every alert of the stretch by time; it keeps to the bar that is shown. */
export function AlertsAlong({ alerts, at, onGo, ...state }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: alerts.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT_PX,
    getItemKey: (index) => (alerts[index] ? notedKey(alerts[index]) : index),
    overscan: 6,
  });
  const place = alerts.findLastIndex(({ ts }) => ts <= at);
  useEffect(() => {
    if (place >= 0) virtual.scrollToIndex(place, { align: "center" });
  }, [virtual, place]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <State alerts={alerts} {...state} />
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
        <ul aria-label="Alerts of the stretch" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const alert = alerts[item.index];
            return (
              <li
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                aria-setsize={alerts.length}
                aria-posinset={item.index + 1}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {alert && <AlertItem alert={alert} current={alert.ts === at} onGo={onGo} />}
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
