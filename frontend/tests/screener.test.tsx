import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { createRef, useMemo, useRef } from "react";
import { describe, expect, it, vi } from "vitest";

import { thresholdsOf } from "../src/lib/filter";
import type { RowView } from "../src/lib/rows";
import { DEFAULT_SETUP, SETUP } from "../src/lib/setup";
import { choose, chosen } from "../src/lib/stored";
import { currentList, WATCH } from "../src/lib/watch";
import { inSight, layoutOf } from "../src/panels/screener/layout";
import { type ScreenerHandle, ScreenerTable } from "../src/panels/screener/ScreenerTable";
import { sorted } from "../src/panels/screener/sorting";
import { START } from "../src/panels/screener/usePlace";
import { useSetup } from "../src/panels/screener/useSetup";
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
  const control = useSetup();
  const place = useRef(START);
  const layout = useMemo(() => layoutOf(control.setup.columns, control.setup.density), [control.setup]);
  return (
    <ScreenerTable
      rows={sorted(views, control.setup.sort)}
      of="5m|"
      layout={layout}
      control={control}
      context={context}
      activeKey={activeKey}
      openKey={null}
      starred={new Set(currentList(chosen(WATCH)).pairs)}
      place={place}
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

describe("the layout", () => {
  it("shows the columns of the choice in its order, the pair first, and leaves out what is none", () => {
    choose(SETUP, { ...DEFAULT_SETUP, columns: ["rsi", "close", "no_such_column", "symbol", "z_score"] });
    render(<Table views={[coin("A", { close: 1.25 })]} />);
    const headings = screen.getAllByRole("columnheader").map((cell) => cell.querySelector("[data-heading]")?.getAttribute("data-heading"));
    expect(headings.filter(Boolean)).toEqual(["symbol", "rsi", "close", "z_score"]);
    expect(screen.getByText("1.2500")).toBeInTheDocument();
  });

  it("is denser when asked for", () => {
    choose(SETUP, { ...DEFAULT_SETUP, density: "compact" });
    render(<Table views={[coin("A")]} />);
    expect(firstRow().style.height).toBe("25px");
  });

  it("keeps the columns in sight in the rows, and every heading", () => {
    const layout = layoutOf(DEFAULT_SETUP.columns, "normal");
    const [from, to] = inSight(layout, 600, 800);
    expect(layout.placed[from]?.left).toBeLessThanOrEqual(600 + 208);
    expect(layout.placed[to]?.left).toBeGreaterThanOrEqual(1300);
    expect(to - from).toBeLessThan(14);
    // Wider than it must be: everything is in sight.
    expect(inSight(layout, 0, layout.minWidth + 500)).toEqual([1, layout.placed.length - 1]);
  });

  it("counts a warming window where the row tells when the pair was listed", () => {
    const ts = 1_700_000_100_000;
    const over = { z_score: null, quality: ["warming"], ts, listed_ts: ts - 12 * 300_000 };
    render(<Table views={[coin("A", over), coin("B", { z_score: null, quality: ["warming"], ts })]} />);
    expect(screen.getByText("warming 12/21")).toBeInTheDocument();
    expect(screen.getByText("warming")).toBeInTheDocument();
  });

  it("shows the gravest tiers and says how many more there are", () => {
    render(<Table views={[coin("A", { tiers: [1, 2, 3, 4], tier: 2 })]} />);
    const cell = firstRow().querySelector('[data-column="tiers"]');
    expect(cell?.textContent).toBe("231+1");
    expect(cell?.querySelector("[title='Also tier 4']")).not.toBeNull();
  });
});

describe("without a mouse", () => {
  it("tells along the row what the tooltips say", async () => {
    vi.spyOn(window, "requestAnimationFrame").mockImplementation((run) => {
      run(0);
      return 0;
    });
    const handle = createRef<ScreenerHandle>();
    const view = coin("A", { live_price: 67_234.5678 });
    render(<Table views={[view]} activeKey={view.key} handle={handle} />);
    act(() => handle.current?.aside?.(1));
    act(() => handle.current?.aside?.(1));
    expect(await screen.findByRole("status")).toHaveTextContent("67,234.5678");
    let there = false;
    act(() => {
      there = handle.current?.dismiss?.() ?? false;
    });
    expect(there).toBe(true);
    expect(screen.queryByRole("status")).toBeNull();
  });

  it("opens what a column means from its heading by a key", async () => {
    render(<Table views={[coin("A", { rsi: 20 }), coin("B", { rsi: 80 })]} />);
    fireEvent.keyDown(header(/^RSI/), { key: "m" });
    const menu = await screen.findByRole("dialog", { name: "Column RSI" });
    fireEvent.click(within(menu).getByRole("button", { name: "Then by this, largest first" }));
    expect(chosen(SETUP).sort).toEqual([{ id: "z_score", desc: true }, { id: "rsi", desc: true }]);
    expect(order()).toEqual(["B", "A"]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("stars a pair without opening it", () => {
    const onOpen = vi.fn();
    render(<Table views={[coin("A")]} onOpen={onOpen} />);
    fireEvent.click(screen.getByRole("button", { name: "Watch A/USDT on Binance" }));
    expect(currentList(chosen(WATCH)).pairs).toEqual(["binanceusdm|A/USDT:USDT"]);
    expect(onOpen).not.toHaveBeenCalled();
  });
});
