/** Reads frames of one replay ahead of who plays it, page by page, and keeps no more than fit. */
import { ApiError } from "../../api/errors";
import type { ReplayPage } from "../../api/replay";
import { type Frame, packed } from "./frame";
import { type Noted, noted } from "./marks";
import type { Stretch } from "./player";
import { type Bounds, FrameStore } from "./store";

/** Bars by their open times, both inclusive. */
export interface Range {
  from: number;
  to: number;
}

export type Reading =
  | { is: "idle" }
  | { is: "reading"; from: number }
  /** It is tried again by itself. */
  | { is: "waiting"; why: string }
  | { is: "failed"; why: string; status: number };

/** A page: from a bar on, or where a page ended. */
export interface Ask {
  start: number;
  end: number;
  cursor: string | null;
  limit: number;
}

export interface ReaderOptions {
  load: (ask: Ask, signal: AbortSignal) => Promise<ReplayPage>;
  stretch: Stretch;
  /** Frames of the first page after a jump from the one that somebody waits for on, and of the pages that follow. */
  first: number;
  page: number;
  /** After a jump reading begins so many bars earlier: who steps back finds them. */
  back: number;
  /** The longest replay the server takes at once, in bars. */
  longest: number;
  bounds: Bounds;
}

/** Where the replay that goes on at the server stands. */
interface Lane {
  end: number;
  next: number;
  cursor: string | null;
}

/** To be asked again in a while: the server is busy, its database is, or nobody answers. */
const PASSING = new Set([0, 429, 502, 503, 504]);
const RETRY_MS = 5000;
const OTHER_DATA = 409;

export class FrameReader {
  readonly stretch: Stretch;
  state: Reading = { is: "idle" };
  /** Changes with everything that is told. */
  version = 0;
  /** Alerts of every frame that was read, by bar, also of those that are no longer held. */
  readonly alerts = new Map<number, readonly Noted[]>();
  private readonly store: FrameStore;
  private readonly listeners = new Set<() => void>();
  private ranges: readonly Range[] = [];
  private lane: Lane | null = null;
  private aborter: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private restarted = false;

  constructor(private readonly options: ReaderOptions) {
    this.stretch = options.stretch;
    this.store = new FrameStore(options.bounds);
  }

  frame(ts: number): Frame | null {
    return this.store.get(ts);
  }

  has(ts: number): boolean {
    return this.store.has(ts);
  }

  get held(): { frames: number; rows: number } {
    return { frames: this.store.size, rows: this.store.rowCount };
  }

  listen = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** What is to be read, the most urgent first. A page that is being read for something else is given up. */
  want(ranges: readonly Range[]): void {
    this.ranges = ranges;
    const missing = this.missing();
    if (this.aborter !== null && this.state.is === "reading" && missing !== null && this.isElsewhere(missing)) this.cancel();
    this.pump();
  }

  /** Tries again after a failure. */
  retry = () => {
    this.restarted = false;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.tell({ is: "idle" });
    this.pump();
  };

  /** Gives up what is being read; nothing is told any more until something is wanted again. */
  close(): void {
    this.ranges = [];
    this.cancel();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.state = { is: "idle" };
  }

  /** The bars that are wanted, the most urgent first: no more than there is room for. */
  private *wanted(): Generator<number> {
    const { step, start, end } = this.stretch;
    let room = this.store.room();
    for (const { from, to } of this.ranges) {
      for (let ts = Math.max(from, start); ts <= Math.min(to, end) && room > 0; ts += step, room -= 1) yield ts;
    }
  }

  /** The first bar that is wanted and not here. */
  private missing(): number | null {
    for (const ts of this.wanted()) if (!this.store.has(ts)) return ts;
    return null;
  }

  /** How far a bar is from being wanted, ms: nothing that is goes before all that is not. */
  private far(): (ts: number) => number {
    const wanted = new Set(this.wanted());
    const at = this.ranges[0]?.from ?? 0;
    return (ts) => (wanted.has(ts) ? 0 : Math.abs(ts - at) + 1);
  }

  /** Is a bar so far from where the replay stands that beginning anew is quicker? */
  private isElsewhere(ts: number): boolean {
    const { lane } = this;
    return lane === null || ts < lane.next || ts > lane.end || ts - lane.next > this.options.page * this.stretch.step;
  }

  private pump(): void {
    if (this.aborter !== null || this.timer !== undefined || this.state.is === "failed") return;
    const missing = this.missing();
    if (missing === null) {
      if (this.state.is !== "idle") this.tell({ is: "idle" });
      return;
    }
    if (this.isElsewhere(missing) || this.lane?.cursor === null) this.lane = this.begun(missing);
    void this.read(this.lane ?? this.begun(missing), missing);
  }

  private begun(ts: number): Lane {
    const { step, start, end } = this.stretch;
    const { back, longest } = this.options;
    const next = this.store.has(ts - step) ? ts : Math.max(start, ts - back * step);
    return { end: Math.min(end, next + (longest - 1) * step), next, cursor: null };
  }

  private async read(lane: Lane, missing: number): Promise<void> {
    const aborter = new AbortController();
    this.aborter = aborter;
    this.tell({ is: "reading", from: missing });
    const { first, page } = this.options;
    const reach = Math.round((missing - lane.next) / this.stretch.step) + first;
    const ask = { start: lane.next, end: lane.end, cursor: lane.cursor, limit: lane.cursor === null ? reach : page };
    try {
      const answer = await this.options.load(ask, aborter.signal);
      if (aborter.signal.aborted) return;
      this.aborter = null;
      this.take(lane, answer);
    } catch (cause) {
      if (aborter.signal.aborted) return;
      this.aborter = null;
      this.failed(cause);
    }
    this.pump();
  }

  private take(lane: Lane, { frames, cursor }: ReplayPage): void {
    const last = frames[frames.length - 1];
    if (last === undefined) {
      this.tell({ is: "failed", why: "The server has no bars there.", status: 200 });
      return;
    }
    this.store.put(frames.map(packed), this.far());
    for (const { ts, alerts } of frames) if (alerts.length > 0) this.alerts.set(ts, alerts.map(noted));
    this.restarted = false;
    this.lane = { end: lane.end, next: last.ts + this.stretch.step, cursor };
    this.tell({ is: "idle" });
  }

  private failed(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    const status = cause instanceof ApiError ? cause.status : -1;
    if (status === OTHER_DATA && !this.restarted) {
      // What was read was read from what is no longer there.
      this.restarted = true;
      this.lane = null;
      this.store.clear();
      this.alerts.clear();
      this.tell({ is: "waiting", why: "The recording is no longer the one that was being read: it is read anew." });
    } else if (PASSING.has(status)) {
      const wait = Math.max(RETRY_MS, cause instanceof ApiError ? cause.retryAfterMs : 0);
      this.tell({ is: "waiting", why: `${why} It is asked again in ${Math.ceil(wait / 1000)} s.` });
      this.timer = setTimeout(this.retry, wait);
    } else {
      this.tell({ is: "failed", why, status });
    }
  }

  private cancel(): void {
    this.aborter?.abort();
    this.aborter = null;
  }

  private tell(state: Reading): void {
    this.state = state;
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}
