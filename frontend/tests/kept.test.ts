import "fake-indexeddb/auto";

import localforage from "localforage";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Keeper, type KeptFrame } from "../src/api/kept";
import type { Settings } from "../src/api/types";
import { openVault, type Vault } from "../src/api/vault";
import { makeAlert, makeCatalog, makeRow } from "./make";

let number = 0;
let name = "";
beforeEach(() => {
  number += 1;
  name = `test${number}`;
});
afterEach(() => void vi.useRealTimers());

const open = () => new Keeper(() => Promise.resolve(openVault(name)));
const frame = (over: Partial<KeptFrame> = {}): KeptFrame => ({ tf: "5m", seq: 3, rows: [{ row: makeRow(), at: 1000 }], ...over });
const settings = (over: Partial<Settings> = {}): Settings => ({
  mode: "simulated", database: "a", version: "1", timeframes: ["5m", "15m"], exchanges: ["okx"], interval: 30,
  alert_mode: "literal", alert_budget: 50, catalog: makeCatalog(),
  thresholds: {
    z_threshold: 2.5, ls_threshold: 2, imbalance_threshold: 3, oi_delta_threshold: 1, funding_threshold: 0.01,
    divergence_sigma: 2, confluence_min: 2, alert_cooldown: 12,
  },
  ...over,
});
const raw = () => localforage.createInstance({ name, storeName: "kept", driver: localforage.INDEXEDDB });

async function keep(keeper: Keeper, over: Partial<Settings> = {}, frames: readonly KeptFrame[] = [frame()]) {
  keeper.offerSettings(settings(over));
  for (const one of frames) keeper.offerFrame(one.tf, () => one);
  await keeper.flush();
}

describe("what is kept", () => {
  it("comes back as it was, to another page", async () => {
    const before = open();
    before.offerAlerts([makeAlert({ text: "kept" })]);
    await keep(before);
    const after = open();
    expect(await after.frame("5m")).toEqual(frame());
    expect(await after.frame("15m")).toBeNull();
    expect(await after.settings()).toEqual(settings());
    expect((await after.alerts()).map(({ text }) => text)).toEqual(["kept"]);
  });

  it("is bounded: 200 alerts, and the timeframes that are recorded", async () => {
    const keeper = open();
    keeper.offerAlerts(Array.from({ length: 300 }, () => makeAlert()));
    await keep(keeper, {}, [frame(), frame({ tf: "15m" })]);
    expect(await keeper.alerts()).toHaveLength(200);
    await keep(keeper, { timeframes: ["5m"] });
    expect((await raw().keys()).sort()).toEqual(["alerts", "rows:5m", "settings"]);
  });

  it("goes when the server holds another database, whichever timeframes it was of", async () => {
    await keep(open(), {}, [frame(), frame({ tf: "15m" })]);
    const keeper = open();
    await keep(keeper, { database: "b" }, [frame({ seq: 9 })]);
    expect(await keeper.frame("15m")).toBeNull();
    expect(await keeper.frame("5m")).toMatchObject({ seq: 9 });
    await keep(open(), { database: "b", mode: "live" }, []);
    expect(await open().frame("5m")).toBeNull();
  });

  it("is dropped when an older page kept it, or it is broken", async () => {
    await keep(open());
    await raw().setItem("rows:5m", { version: 0, at: 1, value: frame() });
    expect(await open().frame("5m")).toBeNull();
    expect(await raw().getItem("rows:5m")).toBeNull();
    for (const value of [frame({ tf: "15m" }), { ...frame(), rows: "none" }, { ...frame(), rows: [{ at: 1, row: {} }] }, null, 7]) {
      await raw().setItem("rows:5m", { version: 1, at: 1, value });
      expect(await open().frame("5m")).toBeNull();
    }
    await raw().setItem("settings", { version: 1, at: 1, value: { mode: "live" } });
    expect(await open().settings()).toBeNull();
  });

  it("is the newest of two tabs', whichever writes last", async () => {
    const vault = openVault(name);
    const now = Date.now();
    await vault.put("rows:5m", now - 10, frame({ seq: 5 }));
    await vault.put("rows:5m", now - 20, frame({ seq: 4 }));
    expect(await open().frame("5m")).toMatchObject({ seq: 5 });
    // A clock that was set back must not keep everything newer out for ever.
    await vault.put("rows:5m", now + 1e9, frame({ seq: 6 }));
    await vault.put("rows:5m", now, frame({ seq: 7 }));
    expect(await open().frame("5m")).toMatchObject({ seq: 7 });
  });
});

describe("writing", () => {
  const puts: string[] = [];
  const vault: Vault = {
    get: () => Promise.resolve(null),
    put: (key) => Promise.resolve(void puts.push(key)),
    retain: () => Promise.resolve(),
    clear: () => Promise.resolve(),
  };

  it("happens at most every 30 s, with what is newest then, and at once when the page goes", async () => {
    vi.useFakeTimers();
    puts.length = 0;
    const load = vi.fn(() => Promise.resolve(vault));
    const keeper = new Keeper(load);
    const value = vi.fn(() => frame());
    for (let i = 0; i < 50; i += 1) keeper.offerFrame("5m", value);
    expect(load).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(5000);
    expect(puts).toEqual(["rows:5m"]);
    expect(value).toHaveBeenCalledOnce();
    keeper.offerFrame("5m", value);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(puts).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(puts).toHaveLength(2);
    keeper.offerFrame("5m", value);
    await keeper.flush();
    expect(puts).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(puts).toHaveLength(3);
  });

  it("survives a storage that is full or forbidden, and says so", async () => {
    let full = true;
    const keeper = new Keeper(() =>
      Promise.resolve({ ...vault, put: () => (full ? Promise.reject(new Error("QuotaExceededError")) : Promise.resolve()) }),
    );
    keeper.offerFrame("5m", () => frame());
    await keeper.flush();
    expect(keeper.trouble).toBe("QuotaExceededError");
    full = false;
    keeper.offerFrame("5m", () => frame());
    await keeper.flush();
    expect(keeper.trouble).toBeNull();
    const forbidden = new Keeper(() => Promise.reject(new Error("no storage")));
    expect(await forbidden.frame("5m")).toBeNull();
    expect(forbidden.trouble).toBe("no storage");
  });

  it("writes no rows that did not come from the server", async () => {
    puts.length = 0;
    const keeper = new Keeper(() => Promise.resolve(vault));
    keeper.offerFrame("5m", () => null);
    await keeper.flush();
    expect(puts).toEqual([]);
  });
});
