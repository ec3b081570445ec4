import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { urlParam } from "../src/lib/url";
import { makeRun, makeRunSettings, makeSummary, makeTrade } from "./makeRun";
import { json, narrow, onChart, reset, serve, show, unique } from "./showSimulate";

beforeEach(reset);
afterEach(reset);

describe("a result", () => {
  it("never shows a hit rate alone", async () => {
    const run = unique();
    serve([run]);
    show({ run: run.id });
    const rates = within(await screen.findByRole("list", { name: "Hit rates" })).getAllByRole("listitem").map((line) => line.textContent);
    expect(rates).toEqual([
      expect.stringContaining("50.0% [20.0–80.0%]of 2 trades"), expect.stringContaining("One bar late50.0%of 2 trades"),
      expect.stringContaining("47.0%of 1,200 bars"), expect.stringContaining("45.0% [44.0–46.0%]of 20,000 walks"),
    ]);
    const verdict = screen.getByRole("region", { name: "Verdict" });
    expect(verdict).toHaveTextContent("2 of at least 30 events.");
    expect(verdict).toHaveTextContent("Too few to tell: 2 trades in 2 events");
    expect(within(verdict).getByRole("list", { name: "Cautions" })).toHaveTextContent("Loses money after costs");
    expect(screen.getByRole("region", { name: "Luck" })).toHaveTextContent("4 tried");
    expect(screen.getByText("SIMULATED")).toBeInTheDocument();
  });

  it("of live data wears no badge", async () => {
    const run = unique({ data: { ...makeRun().data, kind: "live" } });
    serve([run]);
    show({ run: run.id });
    await screen.findByRole("region", { name: "Verdict" });
    expect(screen.queryByText("SIMULATED")).toBeNull();
  });

  it("says that a link names no run", async () => {
    serve([]);
    show({ run: "unknown" });
    expect(await screen.findByRole("alert")).toHaveTextContent("The server has no run of this link");
  });

  it("puts its settings back into the form", async () => {
    const run = unique({ settings: makeRunSettings({ hold: 24, stop_loss: 0.015, direction: "short" }) });
    serve([run]);
    show({ run: run.id });
    fireEvent.click(await screen.findByRole("button", { name: "Change and run again" }));
    expect(screen.getByRole("textbox", { name: /^Hold/ })).toHaveValue("24");
    expect(screen.getByRole("textbox", { name: /^Stop loss/ })).toHaveValue("1.5");
    expect(screen.getByRole("combobox", { name: /^Direction/ })).toHaveValue("short");
  });

  it("tells the account to who cannot see the curve", async () => {
    const run = unique();
    serve([run]);
    show({ run: run.id });
    await screen.findByRole("region", { name: "Verdict" });
    const table = within(screen.getByRole("region", { name: "Equity and drawdown" })).getByRole("table", { hidden: true });
    expect(table).toHaveTextContent("9,997.60");
  });
});

describe("trades", () => {
  const many = () => unique({ trades: Array.from({ length: 2000 }, (_, i) => makeTrade({ entry_ts: 1_700_000_000_000 + i * 300_000, net: i % 3 === 0 ? 0.01 : -0.01 })), trade_count: 5000 });

  it("are a long table of which little is in the document; one leads to its bar", async () => {
    const run = many();
    serve([run]);
    show({ run: run.id, part: "trades" });
    const table = await screen.findByRole("table", { name: "Trades of the run" });
    expect(table).toHaveAttribute("aria-rowcount", "2001");
    expect(table.querySelectorAll("[data-key]").length).toBeLessThan(100);
    expect(screen.getByText(/The first 2,000 of 5,000 in order of time/)).toBeInTheDocument();
    const row = table.querySelector("[data-key]");
    if (row) fireEvent.click(row);
    expect(onChart).toHaveBeenCalledWith("okx|BTC/USDT:USDT", "5m", run.trades[1999]?.entry_ts);
  });

  it("can be narrowed to those that won", async () => {
    const run = many();
    serve([run]);
    show({ run: run.id, part: "trades" });
    fireEvent.click(await screen.findByRole("radio", { name: "Won" }));
    expect(screen.getByRole("table", { name: "Trades of the run" })).toHaveAttribute("aria-rowcount", "668");
  });

  it("of an exchange whose charts are not here lead nowhere", async () => {
    const run = unique({ trades: [makeTrade({ exchange: "kraken" })], trade_count: 1 });
    serve([run]);
    show({ run: run.id, part: "trades" });
    const row = (await screen.findByRole("table", { name: "Trades of the run" })).querySelector("[data-key]");
    if (row) fireEvent.click(row);
    expect(onChart).not.toHaveBeenCalled();
  });

  it("are cards on a phone", async () => {
    narrow(["767px", "1023px"]);
    const run = unique();
    serve([run]);
    show({ run: run.id, part: "trades" });
    const cards = within(await screen.findByRole("list", { name: "Trades" })).getAllByRole("button");
    expect(cards.map((card) => card.textContent)).toEqual([expect.stringContaining("ETH"), expect.stringContaining("BTC")]);
    fireEvent.change(screen.getByRole("combobox", { name: "Sort by" }), { target: { value: "net" } });
    expect(within(screen.getByRole("list", { name: "Trades" })).getAllByRole("button")[0]).toHaveTextContent("✓ +0.880 %");
  });
});

describe("runs", () => {
  it("are opened, and deleted after a question", async () => {
    const [a, b] = [unique(), unique({ settings: makeRunSettings({ hold: 12 }) })];
    const calls = serve([a, b]);
    show();
    const list = await screen.findByRole("list", { name: "Kept runs" });
    await waitFor(() => expect(within(list).getAllByRole("listitem")).toHaveLength(2));
    expect(list).toHaveTextContent("n 2");
    within(list).getAllByRole("button", { name: "Delete" }).slice(0, 1).forEach((button) => fireEvent.click(button));
    expect(calls.some(({ method }) => method === "DELETE")).toBe(false);
    fireEvent.click(screen.getByRole("button", { name: "Yes" }));
    await waitFor(() => expect(within(list).getAllByRole("listitem")).toHaveLength(1));
    fireEvent.click(within(list).getByRole("button", { name: /12 bars/ }));
    expect(await screen.findByRole("heading", { level: 2, name: /12 bars/ })).toBeInTheDocument();
    expect(urlParam("run")).toBe(b.id);
  });

  it("are read page by page, as far as somebody looks", async () => {
    const all = Array.from({ length: 60 }, () => unique());
    const calls = serve([], ({ url }) => {
      const asked = new URL(url, "http://x");
      if (asked.pathname !== "/api/runs") return undefined;
      const offset = Number(asked.searchParams.get("offset"));
      const page = all.slice(offset, offset + Number(asked.searchParams.get("limit"))).map(makeSummary);
      return json(page, 200, { "content-range": `runs ${offset}-${offset + page.length - 1}/60` });
    });
    show();
    const list = await screen.findByRole("list", { name: "Kept runs" });
    await waitFor(() => expect(list.children).toHaveLength(50));
    expect(calls.filter(({ url }) => url.startsWith("/api/runs"))).toHaveLength(1);
    fireEvent.click(screen.getByRole("button", { name: "Show more" }));
    await waitFor(() => expect(list.children).toHaveLength(60));
    expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  });

  it("stand side by side, what differs in their settings marked", async () => {
    const [a, b] = [unique(), unique({ settings: makeRunSettings({ hold: 12 }), data: { ...makeRun().data, hash: "other" } })];
    serve([a, b]);
    show({ part: "runs" });
    const list = await screen.findByRole("list", { name: "Kept runs" });
    await waitFor(() => expect(within(list).getAllByRole("checkbox")).toHaveLength(2));
    for (const box of within(list).getAllByRole("checkbox")) fireEvent.click(box);
    fireEvent.click(screen.getByRole("button", { name: "Compare (2)" }));
    const table = await screen.findByRole("table", { name: "Runs side by side" });
    const marked = [...table.querySelectorAll("[data-differs=true] th")].map((head) => head.textContent);
    expect(marked).toEqual(["Hold≠they differ", "Data≠they differ"]);
    expect(within(table).getByRole("row", { name: /^Won 50/ })).toHaveTextContent("50.0% [20.0–80.0%]50.0% [20.0–80.0%]");
    expect(screen.getByText(/not simulated on the same bars/)).toBeInTheDocument();
    expect(urlParam("runs")).toBe(`${a.id},${b.id}`);
  });

  it("that are gone are named, the others compared", async () => {
    const a = unique();
    serve([a]);
    show({ part: "compare", runs: `${a.id},gone` });
    expect(await screen.findByText(/1 of them the server does not have any more/)).toBeInTheDocument();
    expect(screen.getByRole("table", { name: "Runs side by side" })).toBeInTheDocument();
  });

  it("say why they cannot be read", async () => {
    serve([], ({ url }) => (url.startsWith("/api/runs?") ? json({ detail: "runs.db is broken" }, 503) : undefined));
    show();
    expect(await screen.findByRole("alert")).toHaveTextContent("Runs.db is broken");
  });
});
