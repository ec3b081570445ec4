import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ack, harness } from "./liveHarness";
import { makeAlert, makeRow } from "./make";

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

  it("asks once, however often it is told to, while an answer is due", async () => {
    const h = harness();
    h.live.setTimeframe("5m");
    h.answers.push(ack(), ack());
    h.handlers().onTransport("websocket");
    h.handlers().onConnect();
    h.handlers().onConnect();
    await vi.advanceTimersByTimeAsync(0);
    expect(h.requests).toHaveLength(1);
  });

  it("shows the first rows over HTTP, before there is a socket", async () => {
    const h = harness({ fetchRows: () => Promise.resolve([makeRow()]) });
    h.live.setTimeframe("5m");
    await vi.advanceTimersByTimeAsync(0);
    expect(h.live.snapshot()).toMatchObject({ loaded: true, transport: "connecting", kept: false });
  });

  it("asks over HTTP while the socket is silent, and says so", async () => {
    const h = harness({ fetchRows: () => Promise.resolve([makeRow()]) });
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
    const h = harness({ fetchRows: () => Promise.resolve([makeRow()]) });
    h.live.setTimeframe("5m");
    await h.connect();
    expect(h.live.snapshot().error).toContain("did not answer");
    h.answers.push(ack());
    await vi.advanceTimersByTimeAsync(1600);
    expect(h.live.snapshot()).toMatchObject({ loaded: true, error: null });
  });

  it("marks alerts of the stream as fresh", async () => {
    const h = harness();
    h.live.setTimeframe("5m");
    h.answers.push(ack());
    await h.connect();
    h.onAlerts.mockClear();
    const now = makeAlert();
    h.handlers().onAlert(now);
    expect(h.onAlerts.mock.calls).toEqual([[[now], true]]);
  });
});
