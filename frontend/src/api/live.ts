import { freshestAt, oiUsd, RowStore, type RowView } from "../lib/rows";
import { ApiError } from "./client";
import type { Feed, FeedHandlers, Transport } from "./feed";
import type { Alert, Health, MetricRow, MetricsUpdate, SubscribeAck } from "./types";

export interface LiveSnapshot {
  tf: string;
  rows: RowView[];
  loaded: boolean;
  transport: Transport;
  error: string | null;
  freshAt: number | null;
}

export interface LivePorts {
  open: (handlers: FeedHandlers) => Feed;
  fetchRows: (tf: string, signal?: AbortSignal) => Promise<MetricRow[]>;
  now: () => number;
  /** Something to paint has changed. */
  onChange: () => void;
  /** `fresh`: happened while this page was watching (or away for a moment), so it may pop up. */
  onAlerts: (alerts: Alert[], fresh: boolean) => void;
  onHealth: (health: Partial<Health>) => void;
}

const FIRST_FALLBACK_MS = 1500;
const FALLBACK_MS = 10_000;

/**
 * The newest rows, wherever they come from. The socket is preferred; while it is silent the page
 * asks over HTTP. Rows of a timeframe left behind are kept, so that coming back needs only what
 * changed since.
 */
export class LiveData {
  private readonly feed: Feed;
  private readonly stores = new Map<string, RowStore>();
  private readonly complete = new Set<string>();
  private tf = "";
  private socket: "connecting" | "websocket" | "polling" | "offline" = "connecting";
  private http: "untried" | "ok" | "failed" = "untried";
  private error: string | null = null;
  private subscribed = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly aborter = new AbortController();

  constructor(private readonly ports: LivePorts) {
    this.feed = ports.open({
      onConnect: () => void this.subscribe(),
      onTransport: (transport) => this.onTransport(transport),
      onUpdate: (update) => this.onUpdate(update),
      onAlert: (alert) => ports.onAlerts([alert], true),
      onHealth: ports.onHealth,
    });
  }

  setTimeframe(tf: string): void {
    if (tf === this.tf) return;
    this.tf = tf;
    this.subscribed = "";
    if (this.connected) void this.subscribe();
    this.armFallback(FIRST_FALLBACK_MS);
    if (this.complete.has(tf)) this.ports.onChange();
  }

  snapshot(): LiveSnapshot {
    const rows = this.store(this.tf).list();
    rows.sort((a, b) => (oiUsd(b.row) ?? -1) - (oiUsd(a.row) ?? -1));
    return {
      tf: this.tf,
      rows,
      loaded: this.complete.has(this.tf),
      transport: this.transport,
      error: this.error,
      freshAt: freshestAt(rows),
    };
  }

  close(): void {
    clearTimeout(this.timer);
    this.aborter.abort();
    this.feed.close();
  }

  private get connected(): boolean {
    return this.socket === "websocket" || this.socket === "polling";
  }

  private get transport(): Transport {
    if (this.connected) return this.socket;
    if (this.http === "ok") return "http";
    return this.http === "untried" ? "connecting" : "offline";
  }

  private store(tf: string): RowStore {
    const found = this.stores.get(tf) ?? new RowStore();
    this.stores.set(tf, found);
    return found;
  }

  private onTransport(transport: "websocket" | "polling" | "offline"): void {
    if (transport === "offline" && this.socket !== "offline") {
      this.subscribed = "";
      this.http = "untried";
      this.armFallback(FIRST_FALLBACK_MS);
    }
    this.socket = transport;
    this.ports.onChange();
  }

  private async subscribe(): Promise<void> {
    const tf = this.tf;
    if (tf === "") return;
    try {
      const since = this.complete.has(tf) ? this.store(tf).seq : null;
      this.take(await this.feed.subscribe({ tf, exchange: "", since }), since);
    } catch (cause) {
      this.error = `The live stream did not answer (${cause instanceof Error ? cause.message : "no reason given"}).`;
      if (tf === this.tf) this.armFallback(FIRST_FALLBACK_MS);
      this.ports.onChange();
    }
  }

  private take(ack: SubscribeAck, since: number | null): void {
    const store = this.store(ack.tf);
    if (ack.full || since === null) store.replace(ack.rows, ack.seq, this.ports.now());
    else if (!store.merge(ack.rows, ack.seq, this.ports.now())) {
      // The server counts from lower than before: another database. Start over.
      this.complete.delete(ack.tf);
      store.seq = null;
      void this.subscribe();
      return;
    }
    this.complete.add(ack.tf);
    if (ack.tf === this.tf) {
      this.subscribed = ack.tf;
      this.error = null;
      clearTimeout(this.timer);
    }
    this.ports.onAlerts(ack.alerts ?? [], false);
    this.ports.onChange();
  }

  private onUpdate(update: MetricsUpdate): void {
    if (!this.complete.has(update.tf)) return;
    if (this.store(update.tf).merge(update.rows, update.seq, this.ports.now()) && update.tf === this.tf) {
      this.ports.onChange();
    }
  }

  private armFallback(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.poll(), delay);
  }

  private async poll(): Promise<void> {
    const tf = this.tf;
    if (tf === "" || (this.connected && this.subscribed === tf)) return;
    try {
      const rows = await this.ports.fetchRows(tf, this.aborter.signal);
      if (this.subscribed === tf) return;
      this.store(tf).replace(rows, null, this.ports.now());
      this.complete.add(tf);
      this.http = "ok";
      this.error = null;
    } catch (cause) {
      if (this.aborter.signal.aborted) return;
      this.http = "failed";
      this.error = cause instanceof ApiError ? cause.message : "The server sent something that is not metrics.";
    }
    if (this.connected) void this.subscribe();
    this.armFallback(FALLBACK_MS);
    this.ports.onChange();
  }
}
