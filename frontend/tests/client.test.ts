import { describe, expect, it, vi } from "vitest";

import { fetchMetrics, rangeTotal } from "../src/api/client";
import { makeRow } from "./make";

describe("the HTTP client", () => {
  it("reads the total of a Content-Range", () => {
    expect(rangeTotal("metrics 0-199/512")).toBe(512);
    expect(rangeTotal("metrics */0")).toBe(0);
    expect(rangeTotal(null)).toBeNull();
  });

  it("fetches page after page until the total is reached", async () => {
    const all = Array.from({ length: 1500 }, (_, i) => makeRow({ symbol: `S${i}/USDT:USDT` }));
    const asked: string[] = [];
    vi.stubGlobal("fetch", (path: string) => {
      asked.push(path);
      const offset = Number(new URLSearchParams(path.split("?")[1]).get("offset"));
      const page = all.slice(offset, offset + 1000);
      const headers = { "Content-Range": `metrics ${offset}-${offset + page.length - 1}/1500` };
      return Promise.resolve(new Response(JSON.stringify(page), { headers }));
    });
    expect(await fetchMetrics("5m")).toHaveLength(1500);
    expect(asked).toHaveLength(2);
    vi.unstubAllGlobals();
  });
});
