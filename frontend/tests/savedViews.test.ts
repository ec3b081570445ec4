import { describe, expect, it } from "vitest";

import { DEFAULT_VIEW, readViews, sameView, type SavedView, viewsFile, viewsOfFile, withView, withoutView } from "../src/lib/savedViews";
import { DEFAULT_SETUP, FIRST_SORT, moved, nextSort, readSetup } from "../src/lib/setup";
import { choose, chosen } from "../src/lib/stored";
import { addList, currentList, dropList, renameList, toggleStar, WATCH, watchedPairs } from "../src/lib/watch";
import { Trails } from "../src/panels/screener/trails";
import { makeView } from "./make";

const mine: SavedView = { ...DEFAULT_VIEW, name: "Mine", filter: "z > 2", chip: "z", density: "compact" };

describe("saved views", () => {
  it("come back from a file as they were", () => {
    expect(viewsOfFile(viewsFile([mine]))).toEqual([mine]);
  });

  it("are refused in words when the file is something else", () => {
    expect(() => viewsOfFile("{")).toThrow("not JSON");
    expect(() => viewsOfFile('{"views": []}')).toThrow("no views");
    expect(() => viewsOfFile(viewsFile([{ ...mine, name: " " }]))).toThrow("not complete");
  });

  it("take the place of one with the same name, and go", () => {
    const other = { ...mine, name: "Other" };
    const changed = { ...mine, filter: "" };
    expect(withView([mine, other], changed)).toEqual([changed, other]);
    expect(withoutView([mine, other], "Mine")).toEqual([other]);
    expect(sameView(mine, changed)).toBe(false);
    expect(sameView(mine, other)).toBe(true);
  });

  it("are not taken from what does not fit", () => {
    expect(readViews([{ ...mine, sort: [{ id: 1 }] }])).toBeNull();
    expect(readViews([{ ...mine, chip: "no such chip" }])?.[0]?.chip).toBe("all");
    expect(readSetup({ ...DEFAULT_SETUP, density: "huge" })).toBeNull();
    expect(readSetup(DEFAULT_SETUP)).toEqual(DEFAULT_SETUP);
  });
});

describe("the sort", () => {
  it("turns, then goes; Shift keeps the others", () => {
    const once = nextSort([], "rsi", true, false);
    expect(once).toEqual([{ id: "rsi", desc: true }]);
    const turned = nextSort(once, "rsi", true, false);
    expect(turned).toEqual([{ id: "rsi", desc: false }]);
    expect(nextSort(turned, "rsi", true, false)).toEqual([]);
    expect(nextSort(FIRST_SORT, "rsi", true, true)).toEqual([...FIRST_SORT, { id: "rsi", desc: true }]);
    expect(nextSort([...FIRST_SORT, ...once], "rsi", true, true)).toEqual([...FIRST_SORT, ...turned]);
  });

  it("moves an entry within its list", () => {
    expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
  });
});

describe("watchlists", () => {
  it("hold what is starred, in the current one", () => {
    toggleStar("okx|A");
    choose(WATCH, addList(chosen(WATCH), "Second"));
    toggleStar("okx|B");
    toggleStar("okx|C");
    toggleStar("okx|C");
    expect(currentList(chosen(WATCH))).toEqual({ name: "Second", pairs: ["okx|B"] });
    expect(watchedPairs()).toEqual(new Set(["okx|A", "okx|B"]));
    choose(WATCH, dropList(renameList(chosen(WATCH), "Third")));
    expect(chosen(WATCH).lists).toEqual([{ name: "Watchlist", pairs: ["okx|A"] }]);
    choose(WATCH, dropList(chosen(WATCH)));
    expect(chosen(WATCH).lists).toEqual([{ name: "Watchlist", pairs: [] }]);
  });
});

describe("trails of open interest", () => {
  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

  it("are asked for once, few at a time, and then grow with the rows", async () => {
    let running = 0;
    let most = 0;
    const asked: string[] = [];
    const trails = new Trails(async ({ symbol }) => {
      asked.push(symbol);
      running += 1;
      most = Math.max(most, running);
      await settled();
      running -= 1;
      return { ts: 1_700_000_000_000, values: Array.from({ length: 24 }, (_, i) => i) };
    }, 0);
    const views = Array.from({ length: 6 }, (_, i) => makeView({ symbol: `A${i}/USDT:USDT` }));
    const told = new Promise<void>((resolve) => {
      let left = views.length;
      for (const view of views) trails.watch(view, () => (left -= 1) === 0 && resolve());
    });
    await told;
    expect(asked).toHaveLength(6);
    expect(most).toBe(2);
    const [first] = views;
    if (!first) throw new Error("no view");
    const next = makeView({ ...first.row, ts: 1_700_000_300_000, oi_contracts: 99 });
    trails.watch(next, () => undefined);
    expect(trails.of(next)?.slice(-2)).toEqual([23, 99]);
    expect(trails.of(next)).toHaveLength(24);
    await settled();
    expect(asked).toHaveLength(6);
  });

  it("are not asked for when the row is gone before it settled", async () => {
    const asked: string[] = [];
    const trails = new Trails(({ symbol }) => {
      asked.push(symbol);
      return Promise.resolve({ ts: 0, values: [] });
    }, 0);
    trails.watch(makeView(), () => undefined)();
    await settled();
    await settled();
    expect(asked).toEqual([]);
  });
});
