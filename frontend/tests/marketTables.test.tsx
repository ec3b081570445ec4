import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import type { WeightedCoin } from "../src/api/types";
import { serve, showMarkets as show, TS } from "./showMarkets";

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

beforeEach(() => {
  serve(COINS);
});

describe("the comparison", () => {
  const cells = (name: string) => {
    const found = document.querySelector<HTMLElement>(`[role=row][data-key="${name}"]`);
    if (found === null) throw new Error("no row");
    const text = (column: string) => found.querySelector(`[data-column="${column}"]`)?.textContent;
    return { found, text };
  };

  it("shows each exchange's figures, marks tier 5 with its number, and tells unknown from not recorded", async () => {
    show("compare");
    await screen.findByText("BTC");
    const { text } = cells("BTC");
    expect(["weighted_oi", "change", "furthest", "binanceusdm.weight", "binanceusdm.delta", "binanceusdm.divergence", "okx.divergence", "bybit.oi"].map(text)).toEqual([
      "5.000M", "+0.50", "5+2.40", "75.0", "+0.60", "5+2.40", "−1.10", "–not recorded there",
    ]);
    expect(cells("GOAT").text("weighted_oi")).toBe("?not known");
    expect(cells("GOAT").text("base")).toContain("earlier");
    expect(screen.getByLabelText("Open interest: Binance 75%, OKX 25%")).toBeInTheDocument();
    expect(screen.getByText(/1 where an exchange departs/)).toBeInTheDocument();
  });

  it("opens the pair of the exchange whose cell was clicked, else the largest", async () => {
    const { opened } = show("compare");
    await screen.findByText("BTC");
    const { found } = cells("BTC");
    await userEvent.click(found.querySelector('[data-column="okx.oi"]')!);
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
    await userEvent.click(list.getAllByRole("button")[0]!);
    expect(opened).toEqual(["binanceusdm|BTC/USDT:USDT"]);
  });
});
