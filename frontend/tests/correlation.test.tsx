import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Correlations } from "../src/api/types";
import { changeUrl } from "../src/lib/url";
import { row, serve, showMarkets as show, TS } from "./showMarkets";

const CORR: Correlations = {
  symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT", "XRP/USDT:USDT"],
  exchanges: ["binanceusdm", "okx", "bybit"],
  ts: TS,
  r: [[1, 0.8123, null], [0.8123, 1, -0.25], [null, -0.25, 1]],
  flagged: [[0, 1]],
  oi_price: { "BTC/USDT:USDT": 0.31, "ETH/USDT:USDT": null, "XRP/USDT:USDT": -0.02 },
};
let server: ReturnType<typeof serve>;

beforeEach(() => {
  server = serve(CORR);
});

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
    expect(server.asked).toEqual(["/api/corr?tf=5m&top=20&window=24h&on=changes"]);
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
    await waitFor(() => expect(server.asked.at(-1)).toBe("/api/corr?tf=5m&top=20&window=7d&on=levels"));
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
      const before = server.asked.length;
      update({ rows: [row("BTC", { live_price: 3 })] });
      await act(() => vi.advanceTimersByTimeAsync(60_000));
      expect(server.asked).toHaveLength(before);
      update({ rows: [row("BTC", { ts: TS + 300_000 })] });
      await act(() => vi.advanceTimersByTimeAsync(2000));
      expect(server.asked).toHaveLength(before);
      await act(() => vi.advanceTimersByTimeAsync(1000));
      expect(server.asked).toHaveLength(before + 1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("says what went wrong, and keeps what it has", async () => {
    server.answer = () => Response.json({ detail: "the database cannot be read" }, { status: 503, headers: { "content-type": "application/problem+json" } });
    show("correlation");
    expect(await screen.findByRole("alert")).toHaveTextContent("The database cannot be read. Nothing has been received yet.");
    server.answer = () => Response.json(CORR);
    await userEvent.click(screen.getByRole("button", { name: "Ask now" }));
    expect((await screen.findByRole<HTMLTableElement>("table")).rows).toHaveLength(5);
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });
});

