import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { LiveSnapshot } from "../src/api/live";
import type { Correlations, MetricRow, WeightedCoin } from "../src/api/types";
import { changeUrl } from "../src/lib/url";
import Markets from "../src/panels/markets/Markets";
import { makeView } from "./make";

const TS = 1_700_000_000_000;
const CORR: Correlations = {
  symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT", "XRP/USDT:USDT"],
  exchanges: ["binanceusdm", "okx", "bybit"],
  ts: TS,
  r: [[1, 0.8123, null], [0.8123, 1, -0.25], [null, -0.25, 1]],
  flagged: [[0, 1]],
  oi_price: { "BTC/USDT:USDT": 0.31, "ETH/USDT:USDT": null, "XRP/USDT:USDT": -0.02 },
};
const COINS: WeightedCoin[] = [
  {
    base: "BTC", ts: TS, weighted_oi: 5_000_000, global_oi_change_pct: 0.5,
    exchanges: [
      { exchange: "binanceusdm", symbol: "BTC/USDT:USDT", oi_abs_usd: 6e6, volume: 120, weight: 0.75, oi_delta_pct: 0.6, divergence: 2.4 },
      { exchange: "okx", symbol: "BTC/USDT:USDT", oi_abs_usd: 2e6, volume: 40, weight: 0.25, oi_delta_pct: -0.1, divergence: -1.1 },
    ],
  },
  {
    base: "GOAT", ts: TS - 300_000, weighted_oi: null, global_oi_change_pct: null,
    exchanges: [{ exchange: "okx", symbol: "GOAT/USDT:USDT", oi_abs_usd: null, volume: null, weight: null, oi_delta_pct: null, divergence: null }],
  },
];

const asked: string[] = [];
let answer: (path: string) => Response;

beforeEach(() => {
  asked.length = 0;
  answer = (path) => Response.json(path.startsWith("/api/corr") ? CORR : COINS);
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve(answer(path));
  });
  window.history.replaceState(null, "", "/?view=markets");
});

const row = (base: string, over: Partial<MetricRow> = {}) => makeView({ base, symbol: `${base}/USDT:USDT`, ...over });

const live = (over: Partial<LiveSnapshot> = {}): LiveSnapshot => ({
  tf: "5m", loaded: true, transport: "websocket", error: null, freshAt: TS,
  rows: [
    row("BTC", { funding: 0.0001, oi_change_1h_pct: 3.25 }),
    row("ETH", { funding: -0.0004, funding_interval_h: 4, oi_change_1h_pct: -1.5 }),
    row("XRP", { funding: null, oi_change_1h_pct: null }),
  ],
  ...over,
});

function show(tab: string, over: Partial<LiveSnapshot> = {}, search = "") {
  const opened: string[] = [];
  changeUrl({ tab });
  const element = (snapshot: LiveSnapshot) => (
    <Markets
      live={snapshot}
      tf="5m"
      exchange=""
      search={search}
      exchanges={["binanceusdm", "bybit", "okx"]}
      catalog={null}
      divergenceSigma={2}
      openKey={null}
      handle={null}
      onOpen={(pair) => opened.push(pair)}
    />
  );
  const { rerender } = render(element(live(over)));
  return { opened, update: (next: Partial<LiveSnapshot>) => rerender(element(live(next))) };
}

const square = (at: string) => {
  const found = document.querySelector<HTMLElement>(`[data-at="${at}"]`);
  if (found === null) throw new Error(`no cell ${at}`);
  return found;
};

describe("the correlation table", () => {
  it("shows every r with its sign, flags the strong ones in words too, and says why one is not known", async () => {
    show("correlation");
    const table = await screen.findByRole<HTMLTableElement>("table");
    const texts = [...table.rows].map((one) => [...one.querySelectorAll("td")].map(({ textContent }) => textContent));
    expect(texts[1]).toEqual(["1", "+0.81 flagged", "?not known"]);
    expect(texts[2]).toEqual(["+0.81 flagged", "1", "−0.25"]);
    expect(texts[4]).toEqual(["+0.31", "?not known", "−0.02"]);
    expect(square("0,2")).toHaveAttribute("title", expect.stringContaining("90 %"));
    expect(asked).toEqual(["/api/corr?tf=5m&top=20&window=24h&on=changes"]);
  });

  it("opens the chart of the row's pair, and offers both", async () => {
    const { opened } = show("correlation");
    await screen.findByRole("table");
    await userEvent.click(square("1,2"));
    expect(opened).toEqual(["okx|ETH/USDT:USDT"]);
    await userEvent.click(screen.getByRole("button", { name: "Open XRP on Bybit" }));
    expect(opened[1]).toBe("bybit|XRP/USDT:USDT");
  });

  it("moves by arrow keys, over the diagonal, with one stop for Tab", async () => {
    show("correlation");
    const stops = () => [...document.querySelectorAll<HTMLElement>("[data-at]")].filter(({ tabIndex }) => tabIndex === 0);
    await screen.findByRole("table");
    expect(stops().map(({ dataset }) => dataset.at)).toEqual(["0,1"]);
    act(() => stops()[0]?.focus());
    await userEvent.keyboard("{ArrowDown}");
    expect(document.activeElement).toHaveAttribute("data-at", "2,1");
    await userEvent.keyboard("{ArrowRight}{ArrowLeft}{ArrowLeft}");
    expect(document.activeElement).toHaveAttribute("data-at", "2,0");
  });

  it("warns of levels, and asks anew for another window", async () => {
    show("correlation");
    await screen.findByRole("table");
    await userEvent.click(screen.getByRole("radio", { name: "Levels" }));
    expect(screen.getByText(/independent random walks/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("radio", { name: "7d" }));
    await waitFor(() => expect(asked[asked.length - 1]).toBe("/api/corr?tf=5m&top=20&window=7d&on=levels"));
  });

  it("keeps the address in step with the tab", async () => {
    show("correlation");
    await userEvent.click(screen.getByRole("tab", { name: "Movers" }));
    expect(window.location.search).toContain("tab=movers");
    await userEvent.keyboard("{ArrowLeft}");
    expect(window.location.search).toContain("tab=funding");
    expect(screen.getByRole("tab", { name: "Funding" })).toHaveFocus();
    // The pair that closes takes its tab out of the address; the view puts its own back.
    act(() => changeUrl({ tab: null }));
    expect(window.location.search).toContain("tab=funding");
  });

  it("asks again when a bar has closed and not while prices move", async () => {
    vi.useFakeTimers();
    try {
      const { update } = show("correlation");
      await act(() => vi.advanceTimersByTimeAsync(100));
      update({ rows: [row("BTC", { live_price: 2 })] });
      await act(() => vi.advanceTimersByTimeAsync(5000));
      const before = asked.length;
      update({ rows: [row("BTC", { live_price: 3 })] });
      await act(() => vi.advanceTimersByTimeAsync(60_000));
      expect(asked).toHaveLength(before);
      update({ rows: [row("BTC", { ts: TS + 300_000 })] });
      await act(() => vi.advanceTimersByTimeAsync(2000));
      expect(asked).toHaveLength(before);
      await act(() => vi.advanceTimersByTimeAsync(1000));
      expect(asked).toHaveLength(before + 1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("says what went wrong, and keeps what it has", async () => {
    answer = () => Response.json({ detail: "the database cannot be read" }, { status: 503, headers: { "content-type": "application/problem+json" } });
    show("correlation");
    expect(await screen.findByRole("alert")).toHaveTextContent("the database cannot be read Nothing has been received yet.");
    answer = () => Response.json(CORR);
    await userEvent.click(screen.getByRole("button", { name: "Ask now" }));
    expect((await screen.findByRole<HTMLTableElement>("table")).rows).toHaveLength(5);
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });
});

describe("the comparison", () => {
  const cells = (name: string) => {
    const found = screen.getByRole("rowheader", { name: new RegExp(`^${name}`) }).closest<HTMLElement>("[role=row]");
    if (found === null) throw new Error("no row");
    const text = (column: string) => found.querySelector(`[data-column="${column}"]`)?.textContent;
    return { found, text };
  };

  it("shows each exchange's figures, marks tier 5 with its number, and tells unknown from not recorded", async () => {
    show("compare");
    await screen.findByRole("rowheader", { name: "BTC" });
    const { text } = cells("BTC");
    expect(["weighted_oi", "change", "furthest", "binanceusdm.weight", "binanceusdm.delta", "binanceusdm.divergence", "okx.divergence", "bybit.oi"].map(text)).toEqual([
      "5.000M", "+0.50", "5+2.40", "75.0", "+0.60", "5+2.40", "−1.10", "–not recorded there",
    ]);
    expect(cells("GOAT").text("weighted_oi")).toBe("?not known");
    expect(cells("GOAT").text("base")).toContain("earlier");
    expect(screen.getByRole("img", { name: "Open interest: Binance 75%, OKX 25%" })).toBeInTheDocument();
    expect(screen.getByText(/1 where an exchange departs/)).toBeInTheDocument();
  });

  it("opens the pair of the exchange whose cell was clicked, else the largest", async () => {
    const { opened } = show("compare");
    await screen.findByRole("rowheader", { name: "BTC" });
    const { found } = cells("BTC");
    await userEvent.click(found.querySelector('[data-column="okx.oi"]') as HTMLElement);
    act(() => found.focus());
    await userEvent.keyboard("{Enter}");
    expect(opened).toEqual(["okx|BTC/USDT:USDT", "binanceusdm|BTC/USDT:USDT"]);
  });

  it("sorts by a click with unknown last, and is searched", async () => {
    show("compare");
    const header = await screen.findByRole("columnheader", { name: /Weighted/ });
    const names = () => screen.getAllByRole("rowheader").map(({ textContent }) => textContent?.slice(0, 3));
    expect(header).toHaveAttribute("aria-sort", "descending");
    await userEvent.click(within(header).getByRole("button"));
    expect(header).toHaveAttribute("aria-sort", "ascending");
    expect(names()).toEqual(["BTC", "GOA"]);
  });

  it("says when nothing fits the search", async () => {
    show("compare", {}, "nothing of that name");
    expect(await screen.findByText("No coin fits")).toBeInTheDocument();
  });
});

describe("the funding table", () => {
  const column = (id: string) => [...document.querySelectorAll(`[role=row][data-key] [data-column="${id}"]`)].map(({ textContent }) => textContent);

  it("is sorted by size per 8 hours, greys the default and puts unknown last", () => {
    show("funding");
    expect(column("pair")).toEqual(["ETH", "BTC", "XRP"]);
    expect(column("settled")).toEqual(["−0.0800", "+0.0100 default", "?not known"]);
    expect(screen.getByText(/1 without a known rate/)).toBeInTheDocument();
  });

  it("shows rates per interval and per year on request", async () => {
    show("funding");
    await userEvent.click(screen.getByRole("radio", { name: "Interval" }));
    expect(column("settled").slice(0, 2)).toEqual(["−0.0400", "+0.0100 default"]);
    await userEvent.click(screen.getByRole("radio", { name: "1 y" }));
    expect(column("settled").slice(0, 2)).toEqual(["−87.60", "+10.95 default"]);
  });

  it("opens a pair by the keyboard", async () => {
    const { opened } = show("funding");
    act(() => document.querySelector<HTMLElement>("[role=row][data-key]")?.focus());
    await userEvent.keyboard("{ArrowDown}");
    await waitFor(() => expect(document.activeElement).toHaveAttribute("data-key", "binanceusdm|BTC/USDT:USDT"));
    await userEvent.keyboard("{Enter}");
    expect(opened).toEqual(["binanceusdm|BTC/USDT:USDT"]);
  });

  it("waits for rows, and tells an offline server from an empty one", () => {
    const { update } = show("funding", { loaded: false, rows: [] });
    expect(screen.getByRole("status", { name: /Loading/ })).toBeInTheDocument();
    update({ loaded: false, rows: [], transport: "offline" });
    expect(screen.getByText("The server does not answer")).toBeInTheDocument();
    update({ rows: [] });
    expect(screen.getByText("No pairs yet")).toBeInTheDocument();
  });
});

describe("movers", () => {
  it("list both sides and count what is left out", () => {
    show("movers");
    expect(within(screen.getByRole("region", { name: "▲ Up" })).getByText("+3.25")).toBeInTheDocument();
    expect(within(screen.getByRole("region", { name: "▼ Down" })).getByText("−1.50")).toBeInTheDocument();
    expect(screen.getByText(/2 pairs; left out: 1 not known/)).toBeInTheDocument();
  });

  it("rank by another figure, and open a pair", async () => {
    const { opened } = show("movers");
    await userEvent.click(screen.getByRole("radio", { name: "Volume" }));
    const list = within(screen.getByRole("region", { name: "Most traded" }));
    expect(list.getAllByRole("row")).toHaveLength(4);
    await userEvent.click(list.getAllByRole("button")[0] as HTMLElement);
    expect(opened).toEqual(["binanceusdm|BTC/USDT:USDT"]);
  });
});
