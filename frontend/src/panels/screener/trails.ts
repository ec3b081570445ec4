import { fetchHistory } from "../../api/client";
import type { RowView } from "../../lib/rows";

/** Open interest of so many newest closed bars, oldest first. */
export const TRAIL_BARS = 24;
const AT_ONCE = 2;
/** A row that is only scrolled past is not asked for. */
const SETTLE_MS = 400;
const RETRY_MS = 30_000;
const KEPT = 600;

export type Trail = readonly (number | null)[];

interface Held {
  ts: number;
  values: Trail;
}

interface Wish {
  key: string;
  exchange: string;
  symbol: string;
  tf: string;
}

type Load = (wish: Wish) => Promise<Held>;

const loadTrail: Load = async ({ exchange, symbol, tf }) => {
  const history = await fetchHistory({ exchange, symbol, tf, limit: TRAIL_BARS });
  return { ts: history.ts[history.ts.length - 1] ?? 0, values: history.oi_contracts };
};

const nameOf = ({ key, row }: RowView) => `${row.timeframe}|${key}`;

/**
 * Trails of the rows in sight. Each is asked for once, few at a time; from then on the newest row
 * brings every further bar, so that a page left open asks for nothing.
 */
export class Trails {
  private readonly held = new Map<string, Held>();
  private readonly wanted = new Map<string, Wish>();
  private readonly failedAt = new Map<string, number>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private running = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly load: Load = loadTrail,
    private readonly settleMs = SETTLE_MS,
  ) {}

  of(view: RowView): Trail | null {
    return this.held.get(nameOf(view))?.values ?? null;
  }

  /** A row is in sight: what it needs is loaded, what it brings is appended. Returns how to take it back. */
  watch(view: RowView, listener: () => void): () => void {
    const name = nameOf(view);
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(listener));
    if (!this.append(name, view)) this.want(name, view);
    return () => {
      const mine = this.listeners.get(name);
      mine?.delete(listener);
      if (mine?.size !== 0) return;
      this.listeners.delete(name);
      this.wanted.delete(name);
    };
  }

  /** True when the trail ends with the row's bar now. */
  private append(name: string, { row }: RowView): boolean {
    const held = this.held.get(name);
    if (held === undefined || row.ts < held.ts) return false;
    if (row.ts === held.ts) return true;
    const step = row.timeframe.endsWith("h") ? 3_600_000 : 60_000;
    // Only the very next bar: after a pause the record is asked again.
    if (row.ts !== held.ts + parseInt(row.timeframe, 10) * step) return false;
    this.keep(name, { ts: row.ts, values: [...held.values, row.oi_contracts].slice(-TRAIL_BARS) });
    return true;
  }

  private want(name: string, { key, row }: RowView): void {
    if (Date.now() - (this.failedAt.get(name) ?? -Infinity) < RETRY_MS) return;
    this.wanted.set(name, { key, exchange: row.exchange, symbol: row.symbol, tf: row.timeframe });
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.next();
    }, this.settleMs);
  }

  private next(): void {
    while (this.running < AT_ONCE) {
      const [found] = this.wanted;
      if (found === undefined) return;
      const [name, wish] = found;
      this.wanted.delete(name);
      this.running += 1;
      void this.load(wish)
        .then((held) => this.keep(name, held))
        // The cell stays empty and says so; the next bar asks again.
        .catch(() => this.failedAt.set(name, Date.now()))
        .finally(() => {
          this.running -= 1;
          this.next();
        });
    }
  }

  private keep(name: string, held: Held): void {
    this.held.delete(name);
    this.held.set(name, held);
    const [oldest] = this.held.keys();
    if (this.held.size > KEPT && oldest !== undefined) this.held.delete(oldest);
    this.listeners.get(name)?.forEach((listener) => listener());
  }
}

export const TRAILS = new Trails();
