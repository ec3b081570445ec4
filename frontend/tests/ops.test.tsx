import { render, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { LiveSnapshot } from "../src/api/live";
import type { Health } from "../src/api/types";
import { localTime, utcTime } from "../src/lib/time";
import Ops from "../src/panels/ops/Ops";
import { bytes, took } from "../src/panels/ops/words";
import { makeView } from "./make";

const AT = Date.now();
const LIVE: LiveSnapshot = {
  tf: "5m", loaded: true, kept: false, transport: "websocket", error: null, freshAt: AT,
  rows: [
    makeView({ live_source: "websocket" }),
    makeView({ symbol: "ETH/USDT:USDT", live_source: "rest" }),
    makeView({ symbol: "SOL/USDT:USDT", live_source: null }),
  ],
};
/** Parts of what a server tells: another version may tell less. */
const told = (parts: object) => parts as Health;

const HEALTH = told({
  status: "degraded", at: AT, version: "1.2.3", uptime_s: 3700, warm: 0.5,
  last_cycle: { id: 9, started: AT - 5000, duration_s: 0.637, rows: 160, errors: 2, bar_close: true },
  closed_bar_lag_s: { p50: 5.27, p99: 8.72 },
  cycles: { window: 1000, edges_s: [0.1, 1], counts: [3, 12, 1], p50_s: 0.6, p99_s: 4 },
  database: { size_bytes: 12_345_678, wal_bytes: 4096, schema: 7, seq: 42, pairs: 120, series: 240, bars: 90_000, oldest_ts: AT - 86_400_000, newest_ts: null },
  notify: {
    state: "failing", quiet_until: null,
    targets: { "telegram 1": { state: "failing", sent: 5, messages: 4, waiting: 2, failed: 3, given_up: 1, last_sent_ts: null, last_error: "HTTP 401" } },
  },
  exchanges: {
    binanceusdm: {
      state: "ok", pairs: 200, source: "mixed", reconnects: 3, requests: 2000, errors: 2, error_rate: 0.001,
      budget_used: 0.42, budgets: { data: 0.1, weight: 0.42 }, in_flight: 1, peak_in_flight: 8,
      clock_skew_ms: -120, oldest_s: 75, latency_p50_s: 0.08, latency_p95_s: 0.2, request_rate: 4.2,
      breaker: { state: "closed" },
      websockets: [{ name: "candles 1", up: false, topics: 40, refused: 2, silent_s: 31, reconnects: 3, failures: 1, unreadable: 0, last_error: "closed by the other side" }],
      refresh: { candles: { every_s: 300, share: 1 }, top_ls: { every_s: 900, share: 0.33 } },
      gaps: { missing: 2, open: 12, pairs: 3, healing: false, healed: 40, given_up: 0, looked_ts: AT - 60_000 },
      guarded: { "guarded:imbalance": 2 },
    },
    bybit: { state: "banned", banned_for_s: 600, last_error: "access too frequent", throttled: { all: 12 }, budgets: {} },
  },
  coingecko: { state: "ok", age_s: 60, matched: 180 },
});

const part = (name: string) => {
  const found = document.querySelector<HTMLElement>(`section[aria-label="${name}"]`);
  if (found === null) throw new Error(`no part ${name}`);
  return found;
};
/** Every fact of a part: its label and its value in one. */
const words = (name: string) => [...part(name).querySelectorAll("dl > div")].map(({ textContent }) => textContent);
const region = (name: string) => within(part(name));
const show = (health: Health | null, failed = false) => render(<Ops health={health} failed={failed} live={LIVE} />);

describe("the operations page", () => {
  beforeEach(() => {
    vi.spyOn(Date, "now").mockReturnValue(AT);
  });

  it("shows what each exchange does, how its figures come and how much of its limits is used", () => {
    show(HEALTH);
    expect(words("Binance")).toEqual(
      expect.arrayContaining([
        "Pairs200", "Figures come bywebsocket and REST", "Live values1 of 2 pairs by websocket (50%)", "Breakerclosed: requests go through",
        "Clock0.1 s behind", "Oldest pair1 m 15 s after its close", "Failed since start2 of 2,000 (0.1%)", "Answers in (p50 · p95)80 ms · 0.20 s",
        "LS, top tradersat the latest every 15 min, 33 % of the pairs a bar", "Missing bars2", "Missing or incomplete12 bars of 3 pairs", "Healed since start40 bars",
      ]),
    );
    expect(part("Binance")).toHaveTextContent("down, 40 topics, 2 refused, data 31 s ago, 3 reconnects, 1 failures");
    expect(part("Binance")).toHaveTextContent("imbalance on 2 pairs");
  });

  it("shows every budget, the fullest first, as a bar with its share", () => {
    show(HEALTH);
    const bars = region("Binance").getAllByRole("progressbar");
    expect(bars.map((bar) => bar.getAttribute("aria-valuenow"))).toEqual(["42", "10"]);
    expect(bars[0]).toHaveAccessibleName("Binance: weight used");
  });

  it("tells a ban with its end, what is left of it, the reason and what is closed", () => {
    show(HEALTH);
    const bybit = region("Bybit");
    expect(bybit.getByText(`banned until ${localTime(AT + 600_000, AT)}`)).toBeInTheDocument();
    expect(bybit.getByText(/10 m 00 s left/)).toBeInTheDocument();
    expect(bybit.getByText(/access too frequent/)).toBeInTheDocument();
    expect(bybit.getByText("closed for 12 s")).toBeInTheDocument();
  });

  it("shows cycles, database, notifications and the server as a whole", () => {
    show(HEALTH);
    const rows = region("Cycles").getAllByRole("row").slice(1);
    expect(rows.map((row) => row.textContent)).toEqual(["up to 0.1 s3", "up to 1 s12", "over 1 s1"]);
    const database = region("Database");
    expect(database.getByText("12.3 MB")).toBeInTheDocument();
    expect(database.getByText("90,000")).toBeInTheDocument();
    expect(database.getByText("none yet")).toBeInTheDocument();
    expect(database.getByTitle(utcTime(AT - 86_400_000))).toBeInTheDocument();
    expect(region("Notifications").getByText(/5 alerts sent in 4 messages, 2 waiting, 3 attempts failed, 1 given up/)).toBeInTheDocument();
    expect(screen.getByText("5.27 s · 8.72 s")).toBeInTheDocument();
    expect(screen.getByText(/160 rows, 2 errors/)).toBeInTheDocument();
    expect(screen.getByText(/180 pairs matched/)).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "Metrics for Prometheus" })).toHaveAttribute("href", "/metrics");
  });

  it("says of what a server does not tell that it does not, and shows no zero for it", () => {
    show(told({ status: "ok", at: AT, exchanges: { okx: { state: "ok" } } }));
    for (const part of ["Cycles", "Database", "Notifications", "Market caps"]) {
      expect(region(part).getByText("not told by this server")).toBeInTheDocument();
    }
    const okx = region("OKX");
    expect(okx.getAllByText("not told by this server").length).toBeGreaterThan(10);
    expect(okx.queryByText(/^0/)).not.toBeInTheDocument();
  });

  it("tells what is not known yet from what is not told", () => {
    show({ status: "starting", at: AT, last_cycle: null, closed_bar_lag_s: { p50: null, p99: null }, exchanges: {} });
    expect(screen.getByText("no bar has closed yet")).toBeInTheDocument();
    expect(screen.getByText("none yet")).toBeInTheDocument();
    expect(screen.getByText(/no scraper has told/)).toBeInTheDocument();
  });

  it("waits, and says when it could not be read", () => {
    const { rerender } = show(null);
    expect(screen.getByText(/Asking the server/)).toBeInTheDocument();
    rerender(<Ops health={null} failed live={LIVE} />);
    expect(screen.getByText(/could not be read yet/)).toBeInTheDocument();
    rerender(<Ops health={HEALTH} failed live={LIVE} />);
    expect(screen.getByText(/newest attempt to read it failed/)).toBeInTheDocument();
  });
});

it("writes sizes and short times in one unit", () => {
  expect([12, 4096, 12_345_678, 3e9].map(bytes)).toEqual(["12 B", "4.1 kB", "12.3 MB", "3.0 GB"]);
  expect([0.0957, 0.637, 4].map(took)).toEqual(["96 ms", "0.64 s", "4.00 s"]);
});
