import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { createRef } from "react";
import { describe, expect, it, vi } from "vitest";

import { thresholdsOf } from "../src/lib/filter";
import type { RowView } from "../src/lib/rows";
import { type ScreenerHandle, ScreenerTable } from "../src/panels/screener/ScreenerTable";
import { useScreener } from "../src/panels/screener/useScreener";
import { makeCatalog, makeView } from "./make";

const context = {
  catalog: makeCatalog({ unpublished: { bybit: { taker_buy: "only by trades" } } }),
  limits: thresholdsOf(),
  refresh: {},
};

interface Options {
  onOpen?: (key: string) => void;
  activeKey?: string | null;
  handle?: React.RefObject<ScreenerHandle>;
}

function Table({ views, onOpen = () => undefined, activeKey = null, handle }: { views: RowView[] } & Options) {
  const { rows, sorting, sort } = useScreener(views);
  return (
    <ScreenerTable
      rows={rows}
      sorting={sorting}
      context={context}
      activeKey={activeKey}
      openKey={null}
      onSort={sort}
      onActive={() => undefined}
      onOpen={onOpen}
      handle={handle ?? null}
    />
  );
}

const coin = (base: string, over: Parameters<typeof makeView>[0] = {}) =>
  makeView({ base, symbol: `${base}/USDT:USDT`, ...over });

const order = () =>
  screen.getAllByRole("rowheader").map((cell) => {
    const key = cell.closest<HTMLElement>("[data-key]")?.dataset.key ?? "";
    return key.split("|")[1]?.split("/")[0];
  });

const header = (name: RegExp) => screen.getByRole("button", { name });

function firstRow(): HTMLElement {
  const [, , row] = screen.getAllByRole("row");
  if (!row) throw new Error("no row below the two header rows");
  return row;
}

describe("the table", () => {
  it("says how many rows there are, of which only some are in the document", () => {
    const views = Array.from({ length: 600 }, (_, i) => coin(`A${i}`));
    render(<Table views={views} />);
    expect(screen.getByRole("table")).toHaveAttribute("aria-rowcount", "602");
    const shown = screen.getAllByRole("rowheader").length;
    expect(shown).toBeGreaterThan(15);
    expect(shown).toBeLessThan(60);
  });

  it("sorts by Z at first, unknown last, ties in the order given", () => {
    render(
      <Table views={[coin("NUL", { z_score: null }), coin("LOW", { z_score: -2 }), coin("TOP", { z_score: 4 }), coin("TIE", { z_score: -2 })]} />,
    );
    expect(order()).toEqual(["TOP", "LOW", "TIE", "NUL"]);
    expect(screen.getByRole("columnheader", { name: /^Z/ })).toHaveAttribute("aria-sort", "descending");
  });

  it("keeps unknown last in both directions", () => {
    render(<Table views={[coin("NUL", { rsi: null }), coin("LOW", { rsi: 20 }), coin("TOP", { rsi: 80 })]} />);
    fireEvent.click(header(/^RSI/));
    expect(order()).toEqual(["TOP", "LOW", "NUL"]);
    fireEvent.click(header(/^RSI/));
    expect(order()).toEqual(["LOW", "TOP", "NUL"]);
  });

  it("adds a second column with Shift", () => {
    render(
      <Table
        views={[coin("A", { rsi: 50, cvd: 1 }), coin("B", { rsi: 50, cvd: 3 }), coin("C", { rsi: 60, cvd: 2 })]}
      />,
    );
    fireEvent.click(header(/^RSI/));
    fireEvent.click(header(/^CVD/), { shiftKey: true });
    expect(order()).toEqual(["C", "B", "A"]);
  });

  it("ranks tiers by severity, none and unknown behind", () => {
    render(
      <Table
        views={[coin("A", { tiers: [4], tier: 4 }), coin("B", { tiers: [], tier: null }), coin("C", { tiers: [6], tier: 6 }), coin("D", { tiers: [5], tier: 5 })]}
      />,
    );
    fireEvent.click(header(/^Tiers/));
    expect(order()).toEqual(["C", "D", "A", "B"]);
  });

  it("never shows an unknown value as a number", () => {
    render(<Table views={[coin("A", { exchange: "bybit", imbalance: null, cvd: null, taker_buy: null, quality: ["unpublished:taker_buy"] })]} />);
    const cells = within(firstRow()).getAllByText("not published");
    expect(cells).toHaveLength(2);
    expect(cells[0]?.parentElement).toHaveAttribute("title", "Not published (made from taker_buy): only by trades");
  });

  it("shows zero as zero and a refused value as refused", () => {
    render(<Table views={[coin("A", { oi_delta_pct: 0, imbalance: null, guarded: { imbalance: 63.1 } })]} />);
    expect(screen.getByText("0.00")).toBeInTheDocument();
    expect(screen.getByText("refused")).toHaveAttribute("title", expect.stringContaining("63.1"));
  });

  it("shows open interest of the last close while the live one is not known", () => {
    render(<Table views={[coin("A", { live_oi_abs_usd: null, oi_abs_usd: 41_230_000 })]} />);
    expect(screen.getByText("41.23M")).toBeInTheDocument();
  });

  it("says stale in words", () => {
    render(<Table views={[coin("A", { quality: ["stale"] })]} />);
    expect(screen.getAllByText("stale").length).toBeGreaterThan(0);
  });

  it("opens a row by click and by Enter", () => {
    const onOpen = vi.fn();
    render(<Table views={[coin("A")]} onOpen={onOpen} />);
    const row = firstRow();
    fireEvent.click(row);
    fireEvent.keyDown(row, { key: "Enter" });
    expect(onOpen.mock.calls).toEqual([["binanceusdm|A/USDT:USDT"], ["binanceusdm|A/USDT:USDT"]]);
  });

  it("keeps the row with the focus in the document wherever it sorts to", () => {
    const views = Array.from({ length: 400 }, (_, i) => coin(`A${i}`, { z_score: -i / 100 }));
    const last = views[399]?.key ?? "";
    const handle = createRef<ScreenerHandle>();
    const { container } = render(<Table views={views} activeKey={last} handle={handle} />);
    expect(container.querySelector(`[data-key="${last}"]`)).not.toBeNull();
    act(() => handle.current?.focus(last));
    expect(document.activeElement).toHaveAttribute("data-key", last);
  });
});
