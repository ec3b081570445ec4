import type { Alert } from "../api/types";
import { Backoff } from "./backoff";
import { planMissed, planToasts, type Reach, SeenAlerts, type ToastPlan } from "./toastPolicy";

export const CYCLE_MS = 800;
const REMEMBERED = 600;
const MEMORY = "futuresboard.alerts";

interface Memory {
  /** The newest alert this tab has shown or listed; null when it never had a list. */
  last: number | null;
  keys: string[];
}

const NOTHING: Memory = { last: null, keys: [] };

function recall(): Memory {
  try {
    const found = JSON.parse(sessionStorage.getItem(MEMORY) ?? "null") as Partial<Memory> | null;
    const fits = found && Array.isArray(found.keys) && (found.last === null || typeof found.last === "number");
    return fits ? (found as Memory) : NOTHING;
  } catch {
    // Storage may be forbidden or hold something else: then nothing is remembered.
    return NOTHING;
  }
}

function remember(memory: Memory): void {
  try {
    sessionStorage.setItem(MEMORY, JSON.stringify(memory));
  } catch {
    // A full or forbidden storage costs the memory across a reload, nothing else.
  }
}

export interface InboxPorts {
  now: () => number;
  reach: () => Reach;
  /** Nobody can see a toast now. */
  hidden: () => boolean;
  /** Without the live stream now, or a moment ago: what comes happened meanwhile. */
  away: () => boolean;
  /** `seen`: toasts can be seen; else they are for ears and notifications only and come again later. */
  notify: (plans: ToastPlan[], seen: boolean) => void;
  /** So many alerts are new to the reader. */
  onNews: (count: number) => void;
}

/**
 * Decides once about every alert. Alerts of one cycle gather, then the policy says what pops up;
 * what was missed (no connection, a reload, a hidden page) is told in one toast afterwards.
 */
export class AlertInbox {
  /** Every alert this page has had, and those this tab had shown before a reload. */
  private readonly seen: SeenAlerts;
  /** Those the reader has been told of: kept across reloads. */
  private readonly told: SeenAlerts;
  private last: number | null;
  /** Of a list read over HTTP, alerts after this id are news. */
  private base: number | null;
  private fresh: Alert[] = [];
  private missed: Alert[] = [];
  private more = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly backoff = new Backoff();

  constructor(private readonly ports: InboxPorts) {
    const { keys, last } = recall();
    this.seen = new SeenAlerts(keys);
    this.told = new SeenAlerts(keys, REMEMBERED);
    this.last = this.base = last;
  }

  /** Alerts of the live stream. */
  heard(alerts: readonly Alert[]): void {
    const news = alerts.filter((alert) => this.seen.add(alert));
    (this.ports.away() ? this.missed : this.fresh).push(...news);
    this.gather(news.length);
  }

  /** The newest alerts as a list; `cut`: there are older ones it does not hold. */
  listed(alerts: readonly Alert[], cut: boolean): void {
    const ids = alerts.map(({ id }) => Number(id));
    const newest = Math.max(0, ...ids);
    // Nothing was known before, or the ids begin anew (another database): nothing here was missed.
    if (this.base === null || newest < this.base) this.base = newest;
    const { base } = this;
    const news = alerts.filter((alert) => this.seen.add(alert) && Number(alert.id) > base);
    this.last = Math.max(this.last ?? 0, base);
    this.missed.push(...news);
    this.more ||= cut && news.length > 0 && Math.min(...ids) > base + 1;
    this.gather(news.length);
    if (news.length === 0) this.remember([]);
  }

  /** The page can be seen again. */
  revealed(): void {
    if (this.fresh.length + this.missed.length > 0) this.gather(0);
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private gather(count: number): void {
    if (count > 0) this.ports.onNews(count);
    if (this.fresh.length + this.missed.length > 0) this.timer ??= setTimeout(() => this.flush(), CYCLE_MS);
  }

  private flush(): void {
    this.timer = undefined;
    const { fresh, missed, more } = this;
    const reach = this.ports.reach();
    const plans = planToasts(fresh, reach, this.ports.now(), this.backoff);
    this.fresh = [];
    if (this.ports.hidden()) {
      // Heard and notified now; seen when somebody looks again, and remembered as told only then.
      this.missed = [...missed, ...fresh];
      if (plans.length > 0) this.ports.notify(plans, false);
      return;
    }
    this.missed = [];
    this.more = false;
    const late = missed.length > 0 ? planMissed(missed, more, reach) : null;
    const all = late ? [...plans, late] : plans;
    if (all.length > 0) this.ports.notify(all, true);
    this.remember([...fresh, ...missed]);
  }

  private remember(alerts: readonly Alert[]): void {
    for (const alert of alerts) this.told.add(alert);
    this.last = Math.max(this.last ?? 0, ...alerts.map(({ id }) => Number(id)));
    remember({ last: this.last, keys: this.told.dump() });
  }
}
