import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError, fetchMetrics, rangeTotal } from "../src/api/client";
import type { FeedHandlers } from "../src/api/feed";
import { LiveData } from "../src/api/live";
import type { MetricRow, SubscribeAck, SubscribeRequest } from "../src/api/types";
import { makeAlert, makeRow } from "./make";

const ack = (over: Partial<SubscribeAck> = {}): SubscribeAck => ({
  tf: "5m", seq: 10, ts: 0, full: true, rows: [makeRow()], alerts: [], ...over,
});

function harness(fetchRows: () => Promise<MetricRow[]> = () => Promise.reject(new ApiError("The server does not answer.", 0))) {
  const requests: SubscribeRequest[] = [];
  const answers: (SubscribeAck | Error)[] = [];
  let handlers: FeedHandlers | null = null;
  const onAlerts = vi.fn();
  const live = new LiveData({
    open: (given) => {
      handlers = given;
      return {
        subscribe: (request) => {
          requests.push(request);
          const answer = answers.shift() ?? new Error("timeout");
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
        close: () => undefined,
      };
    },
    fetchRows,
    now: () => 0,
    onChange: () => undefined,
    onAlerts,
    onHealth: () => undefined,
  });
  const connect = async () => {
    handlers?.onTransport("websocket");
    handlers?.onConnect();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { live, requests, answers, onAlerts, connect, handlers: () => handlers as unknown as FeedHandlers };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("LiveData", () => {
  it("asks for everything first, then for what changed since", async () => {
    const h = harness();
    h.live.setTimeframe("5m");
    h.answers.push(ack(), ack({ full: false, seq: 12, rows: [makeRow({ live_price: 1 })] }));
    await h.connect();
    expect(h.live.snapshot()).toMatchObject({ loaded: true, transport: "websocket", error: null });
    h.handlers().onUpdate({ tf: "5m", seq: 11, ts: 0, rows: [makeRow({ live_price: 2 })] });
    h.handlers().onTransport("offline");
    await h.connect();
    expect(h.requests).toEqual([
      { tf: "5m", exchange: "", since: null },
      { tf: "5m", exchange: "", since: 11 },
    ]);
    expect(h.live.snapshot().rows[0]?.row.live_price).toBe(1);
  });

  it("keeps a timeframe left behind and ignores rows of one never asked for", async () => {
    const h = harness();
    h.live.setTimeframe("5m");
    h.answers.push(ack(), ack({ tf: "15m", seq: 20 }), ack({ full: false, seq: 21, rows: [] }));
    await h.connect();
    h.live.setTimeframe("15m");
    await vi.advanceTimersByTimeAsync(0);
    h.handlers().onUpdate({ tf: "1h", seq: 30, ts: 0, rows: [makeRow()] });
    h.live.setTimeframe("5m");
    await vi.advanceTimersByTimeAsync(0);
    expect(h.requests.map(({ tf, since }) => [tf, since])).toEqual([["5m", null], ["15m", null], ["5m", 10]]);
    expect(h.live.snapshot().rows).toHaveLength(1);
  });

  it("starts over when the server counts from lower than before", async () => {
    const h = harness();
    h.live.setTimeframe("5m");
    h.answers.push(ack({ seq: 100 }), ack({ full: false, seq: 3, rows: [] }), ack({ seq: 3, rows: [] }));
    await h.connect();
    await h.connect();
    expect(h.requests.map(({ since }) => since)).toEqual([null, 100, null]);
    expect(h.live.snapshot()).toMatchObject({ loaded: true, rows: [] });
  });

  it("asks over HTTP while the socket is silent, and says so", async () => {
    const h = harness(() => Promise.resolve([makeRow()]));
    h.live.setTimeframe("5m");
    h.handlers().onTransport("offline");
    await vi.advanceTimersByTimeAsync(1600);
    expect(h.live.snapshot()).toMatchObject({ loaded: true, transport: "http" });
  });

  it("is offline when nothing answers, and keeps the last known rows", async () => {
    const h = harness();
    h.live.setTimeframe("5m");
    h.answers.push(ack());
    await h.connect();
    h.handlers().onTransport("offline");
    await vi.advanceTimersByTimeAsync(1600);
    expect(h.live.snapshot()).toMatchObject({ loaded: true, transport: "offline", error: "The server does not answer." });
    expect(h.live.snapshot().rows).toHaveLength(1);
  });

  it("reports a stream that does not answer, then recovers", async () => {
    const h = harness(() => Promise.resolve([makeRow()]));
    h.live.setTimeframe("5m");
    await h.connect();
    expect(h.live.snapshot().error).toContain("did not answer");
    h.answers.push(ack());
    await vi.advanceTimersByTimeAsync(1600);
    expect(h.live.snapshot()).toMatchObject({ loaded: true, error: null });
  });

  it("marks alerts of the stream as fresh and those of an answer as not", async () => {
    const h = harness();
    h.live.setTimeframe("5m");
    const [old, now] = [makeAlert(), makeAlert()];
    h.answers.push(ack({ alerts: [old] }));
    await h.connect();
    h.handlers().onAlert(now);
    expect(h.onAlerts.mock.calls).toEqual([[[old], false], [[now], true]]);
  });
});

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

  it("says what the server's problem document says", async () => {
    const body = JSON.stringify({ title: "Bad request", detail: "tf: 7m came, 5m or 15m is allowed", status: 400 });
    const headers = { "content-type": "application/problem+json" };
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status: 400, headers })));
    await expect(fetchMetrics("7m")).rejects.toThrow("5m or 15m is allowed");
    vi.unstubAllGlobals();
  });
});
