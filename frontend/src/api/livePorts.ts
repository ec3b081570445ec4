import type { RowView } from "../lib/rows";
import type { Feed, FeedHandlers, Transport } from "./feed";
import type { KeptFrame } from "./kept";
import type { Alert, Health, MetricRow } from "./types";

export interface LiveSnapshot {
  tf: string;
  rows: RowView[];
  loaded: boolean;
  /** The rows are those of an earlier visit: the server has not spoken yet. */
  kept: boolean;
  transport: Transport;
  error: string | null;
  /** Local time (ms) at which the newest figure was true. */
  freshAt: number | null;
}

/** What `LiveData` needs from outside. */
export interface LivePorts {
  open: (handlers: FeedHandlers) => Feed;
  fetchRows: (tf: string, signal?: AbortSignal) => Promise<MetricRow[]>;
  fetchAlerts: (signal: AbortSignal) => Promise<Alert[]>;
  recall: (tf: string) => Promise<KeptFrame | null>;
  now: () => number;
  /** Something to paint has changed. */
  onChange: () => void;
  /** `fresh`: happened while this page was watching (or away for a moment), so it may pop up. */
  onAlerts: (alerts: Alert[], fresh: boolean) => void;
  onHealth: (health: Partial<Health>) => void;
  /** The server holds other data than it did: whatever is shown is of no use. */
  onOtherDatabase: () => void;
}

export type SocketState = "connecting" | "websocket" | "polling" | "offline";

/** How figures arrive, from the state of the socket and of the last request. */
export function transportOf(socket: SocketState, http: "untried" | "ok" | "failed"): Transport {
  if (socket === "websocket" || socket === "polling") return socket;
  if (http === "failed") return "offline";
  return http === "ok" && socket === "offline" ? "http" : "connecting";
}
