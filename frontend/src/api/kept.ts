import type { Alert, MetricRow, Settings } from "./types";
import type { Vault } from "./vault";

/** Rows of a timeframe as they were last told, each with the local time (ms) at which it came. */
export interface KeptFrame {
  tf: string;
  seq: number | null;
  rows: { row: MetricRow; at: number }[];
}

const KEPT_ALERTS = 200;
const WRITE_MS = 30_000;
/** A short visit is kept too. */
const FIRST_WRITE_MS = 5000;

const rowsName = (tf: string) => `rows:${tf}`;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isRow = (value: unknown) => isRecord(value) && typeof value.exchange === "string" && typeof value.symbol === "string";

const isNewestRow = (value: unknown) =>
  isRow(value) && typeof (value as MetricRow).age_s === "number" && Array.isArray((value as MetricRow).quality);

function asFrame(value: unknown, tf: string): KeptFrame | null {
  if (!isRecord(value) || value.tf !== tf || !Array.isArray(value.rows) || value.rows.length === 0) return null;
  const sound = value.rows.every((kept: unknown) => isRecord(kept) && typeof kept.at === "number" && isNewestRow(kept.row));
  return sound && (value.seq === null || typeof value.seq === "number") ? (value as unknown as KeptFrame) : null;
}

const isSettings = (value: unknown): value is Settings =>
  isRecord(value) && Array.isArray(value.timeframes) && Array.isArray(value.exchanges) && isRecord(value.catalog);

/** Whether two servers' settings speak of the same data. */
export const sameDatabase = (a: Settings, b: Settings) => a.mode === b.mode && a.database === b.database;

interface Offer {
  at: number;
  value: () => unknown;
}

/**
 * Keeps what the page needs to show the last figures without a server. What changes is offered as
 * often as it likes and written at most every 30 s, and when the page may be about to go. Storage
 * that is forbidden, full or broken costs the keeping, nothing else; `trouble` says so.
 */
export class Keeper {
  trouble: string | null = null;
  private vault: Promise<Vault> | null = null;
  private current: Settings | null = null;
  private readonly offers = new Map<string, Offer>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wrote = false;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(private readonly load: () => Promise<Vault>) {}

  offerFrame(tf: string, frame: () => KeptFrame | null): void {
    this.offer(rowsName(tf), frame);
  }

  offerSettings(settings: Settings): void {
    this.current = settings;
    this.offer("settings", () => settings);
  }

  offerAlerts(alerts: readonly Alert[]): void {
    this.offer("alerts", () => alerts.slice(0, KEPT_ALERTS));
  }

  async frame(tf: string): Promise<KeptFrame | null> {
    return asFrame(await this.read(rowsName(tf)), tf);
  }

  async settings(): Promise<Settings | null> {
    const value = await this.read("settings");
    return isSettings(value) ? value : null;
  }

  async alerts(): Promise<Alert[]> {
    const value = await this.read("alerts");
    return Array.isArray(value) ? (value.filter(isRow) as Alert[]) : [];
  }

  /** Writes what waits, now. */
  flush(): Promise<unknown> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const waiting = [...this.offers];
    this.offers.clear();
    if (waiting.length === 0) return this.writing;
    this.wrote = true;
    const write = async (vault: Vault) => {
      if (this.current !== null) await this.prepare(vault, this.current);
      for (const [name, { at, value }] of waiting) {
        const made = value();
        if (made !== null) await vault.put(name, at, made);
      }
      this.trouble = null;
    };
    this.writing = this.attempt(write);
    return this.writing;
  }

  /** Forgets everything: it belongs to another database. */
  async clear(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.offers.clear();
    this.wrote = false;
    await this.writing;
    await this.attempt((vault) => vault.clear());
  }

  /** Drops what is of another database, or of a timeframe that is no longer recorded. */
  private async prepare(vault: Vault, settings: Settings): Promise<void> {
    const kept = (await vault.get("settings"))?.value;
    if (isSettings(kept) && !sameDatabase(kept, settings)) await vault.clear();
    else await vault.retain([...settings.timeframes.map(rowsName), "settings", "alerts"]);
  }

  private offer(name: string, value: () => unknown): void {
    this.offers.set(name, { at: Date.now(), value });
    this.timer ??= setTimeout(() => void this.flush(), this.wrote ? WRITE_MS : FIRST_WRITE_MS);
  }

  private async read(name: string): Promise<unknown> {
    return (await this.attempt((vault) => vault.get(name)))?.value ?? null;
  }

  private async attempt<T>(run: (vault: Vault) => Promise<T>): Promise<T | null> {
    try {
      this.vault ??= this.load();
      return await run(await this.vault);
    } catch (cause) {
      this.vault = null;
      this.trouble = cause instanceof Error && cause.message !== "" ? cause.message : "the browser's storage refused";
      return null;
    }
  }
}

/** The page's own; its storage is loaded when first needed. */
export const keeper = new Keeper(async () => (await import("./vault")).openVault());
