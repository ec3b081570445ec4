import { freshestAt, oiUsd, RowStore, withoutServer } from "../lib/rows";
import { ApiError } from "./client";
import type { Feed, FeedHandlers } from "./feed";
import type { KeptFrame } from "./kept";
import type { LivePorts, LiveSnapshot, SocketState } from "./livePorts";
import { transportOf } from "./livePorts";
import type { Alert, MetricRow, MetricsUpdate, SubscribeAck } from "./types";

export type { LiveSnapshot } from "./livePorts";

/** So long the server may take before what is kept from before is shown meanwhile. */
const PATIENCE_MS = 1500;
const FALLBACK_MS = 10_000;

/**
 * The newest rows, wherever they come from. The first come over HTTP, which needs nothing loaded;
 * then the socket is opened and preferred. While it is silent the page asks over HTTP again and
 * again, and what was kept from an earlier visit stands in until the server speaks. Rows of a
 * timeframe left behind stay, so that coming back needs only what changed since.
 */
export class LiveData {
  private feed: Feed | null = null;
  private readonly stores = new Map<string, RowStore>();
  /** Where the rows of a timeframe come from; absent: there are none yet. */
  private readonly origin = new Map<string, "server" | "kept">();
  private tf = "";
  private socket: SocketState = "connecting";
  private http: "untried" | "ok" | "failed" = "untried";
  private error: string | null = null;
  private subscribed = "";
  private asking = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;
  private readonly aborter = new AbortController();

  constructor(private readonly ports: LivePorts) {}

  /** Opens the socket; called once the first rows are painted, or cannot be had. */
  connect(): void {
    if (this.aborter.signal.aborted) return;
    const handlers: FeedHandlers = {
      onConnect: () => void this.subscribe(),
      onTransport: (transport) => this.onTransport(transport),
      onUpdate: (update) => this.onUpdate(update),
      onAlert: (alert) => this.ports.onAlerts([alert], true),
      onHealth: this.ports.onHealth,
    };
    this.feed ??= this.ports.open(handlers);
  }

  setTimeframe(tf: string): void {
    if (tf === this.tf) return;
    this.tf = tf;
    this.subscribed = "";
    if (this.connected) void this.subscribe();
    this.pollIn(this.connected ? PATIENCE_MS : 0);
    clearTimeout(this.patience);
    if (this.origin.has(tf)) this.ports.onChange();
    else this.patience = setTimeout(() => void this.recall(tf), PATIENCE_MS);
  }

  snapshot(): LiveSnapshot {
    // Before the settings name a timeframe nothing is asked for over HTTP: the socket alone can tell.
    const transport = this.tf === "" && this.socket === "offline" ? "offline" : transportOf(this.socket, this.http);
    const now = this.ports.now();
    const kept = this.origin.get(this.tf) === "kept";
    const found = this.store(this.tf).list();
    const rows = transport === "offline" || kept ? found.map((view) => withoutServer(view, now)) : found;
    rows.sort((a, b) => (oiUsd(b.row) ?? -1) - (oiUsd(a.row) ?? -1));
    const loaded = this.origin.has(this.tf);
    return { tf: this.tf, rows, loaded, kept, transport, error: this.error, freshAt: freshestAt(rows) };
  }

  /** The rows of a timeframe as the server last told them, to be kept; null without any. */
  keepable(tf: string): KeptFrame | null {
    if (this.origin.get(tf) !== "server") return null;
    const store = this.store(tf);
    return { tf, seq: store.seq, rows: store.list().map(({ row, at }) => ({ row, at })) };
  }

  /** The server may be there again: ask now rather than when the wait is over. */
  retry(): void {
    if (this.connected) return;
    this.feed?.retry();
    this.pollIn(0);
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.patience);
    this.aborter.abort();
    this.feed?.close();
  }

  private get connected(): boolean {
    return this.socket === "websocket" || this.socket === "polling";
  }

  private store(tf: string): RowStore {
    const found = this.stores.get(tf) ?? new RowStore();
    this.stores.set(tf, found);
    return found;
  }

  private onTransport(transport: "websocket" | "polling" | "offline"): void {
    if (transport === "offline" && this.connected) {
      this.subscribed = "";
      this.http = "untried";
      this.pollIn(0);
    }
    this.socket = transport;
    this.ports.onChange();
  }

  private async subscribe(): Promise<void> {
    const { tf, feed } = this;
    if (tf === "" || feed === null || this.asking === tf) return;
    this.asking = tf;
    try {
      const since = this.origin.has(tf) ? this.store(tf).seq : null;
      const ack = await feed.subscribe({ tf, exchange: "", since });
      this.asking = "";
      this.take(ack, since);
    } catch (cause) {
      this.asking = "";
      this.error = `The live stream did not answer (${cause instanceof Error ? cause.message : "no reason given"}).`;
      if (tf === this.tf) this.pollIn(PATIENCE_MS);
      this.ports.onChange();
    }
  }

  private take(ack: SubscribeAck, since: number | null): void {
    const store = this.store(ack.tf);
    if (since !== null && ack.seq < since) {
      // The server counts from lower than before: another database. Nothing known here holds.
      this.ports.onOtherDatabase();
      return;
    }
    if (ack.full || since === null) store.replace(ack.rows, ack.seq, this.ports.now());
    else store.merge(ack.rows, ack.seq, this.ports.now());
    this.origin.set(ack.tf, "server");
    if (ack.tf === this.tf) {
      this.subscribed = ack.tf;
      this.error = null;
      clearTimeout(this.timer);
      clearTimeout(this.patience);
    }
    // Without `since` the server cannot know which alerts were missed: the newest are read again.
    if (since === null) void this.readAlerts();
    this.ports.onChange();
  }

  private async readAlerts(): Promise<void> {
    let alerts: Alert[];
    try {
      alerts = await this.ports.fetchAlerts(this.aborter.signal);
    } catch (cause) {
      if (this.aborter.signal.aborted) return;
      const why = cause instanceof ApiError ? cause.message : "the answer was no list of alerts";
      this.error = `Alerts of the last moments could not be read: ${why}`;
      this.ports.onChange();
      return;
    }
    this.ports.onAlerts(alerts, false);
  }

  private onUpdate(update: MetricsUpdate): void {
    if (this.origin.get(update.tf) !== "server") return;
    if (this.store(update.tf).merge(update.rows, update.seq, this.ports.now()) && update.tf === this.tf) {
      this.ports.onChange();
    }
  }

  private pollIn(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.poll(), delay);
  }

  private async poll(): Promise<void> {
    const { tf } = this;
    if (tf === "" || this.hears(tf)) return;
    let wait = FALLBACK_MS;
    try {
      const rows = await this.ports.fetchRows(tf, this.aborter.signal);
      if (this.hears(tf)) return;
      this.takePolled(tf, rows);
    } catch (cause) {
      if (this.aborter.signal.aborted) return;
      wait = Math.max(wait, this.takeFailure(cause));
      await this.recall(tf);
    }
    this.ports.onChange();
    this.goOn();
    if (tf === this.tf && !this.hears(tf)) this.pollIn(wait);
  }

  /** Whether the socket tells this timeframe. */
  private hears(tf: string): boolean {
    return this.connected && this.subscribed === tf;
  }

  private takePolled(tf: string, rows: MetricRow[]): void {
    // What the socket told last stays known: it goes on from there when it comes back.
    this.store(tf).replace(rows, this.store(tf).seq, this.ports.now());
    this.origin.set(tf, "server");
    this.http = "ok";
    this.error = null;
    clearTimeout(this.patience);
  }

  /** Returns how long the server wants to be left alone. */
  private takeFailure(cause: unknown): number {
    this.http = "failed";
    const known = cause instanceof ApiError;
    this.error = known ? cause.message : "The server sent something that is not metrics.";
    return known ? cause.retryAfterMs : 0;
  }

  /** After an answer over HTTP: the socket may be had again; until then alerts come this way too. */
  private goOn(): void {
    if (this.connected) {
      void this.subscribe();
    } else if (this.http === "ok" && this.socket === "offline") {
      this.feed?.retry();
      void this.readAlerts();
    }
  }

  /** Shows what was kept from before, where there is nothing newer. */
  private async recall(tf: string): Promise<void> {
    if (this.origin.has(tf)) return;
    const frame = await this.ports.recall(tf);
    if (frame === null || this.origin.has(tf) || this.aborter.signal.aborted) return;
    this.store(tf).restore(frame.rows, frame.seq);
    this.origin.set(tf, "kept");
    this.ports.onChange();
  }
}
