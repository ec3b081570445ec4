import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "../src/api/client";
import { ack, frame, harness } from "./liveHarness";
import { makeAlert, makeRow } from "./make";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("LiveData without a server", () => {
  it("shows what was kept when the server does not answer, and goes on from its seq", async () => {
    const h = harness({ kept: frame() });
    h.live.setTimeframe("5m");
    h.handlers().onTransport("offline");
    await vi.advanceTimersByTimeAsync(0);
    const shown = h.live.snapshot();
    expect(shown).toMatchObject({ loaded: true, kept: true, transport: "offline", freshAt: Date.now() - 62_000 });
    expect(h.live.keepable("5m")).toBeNull();
    h.answers.push(ack({ full: false, seq: 9, rows: [makeRow({ live_price: 10 })] }));
    await h.connect();
    expect(h.requests).toEqual([{ tf: "5m", exchange: "", since: 7 }]);
    expect(h.live.snapshot()).toMatchObject({ kept: false, transport: "websocket" });
    expect(h.live.keepable("5m")).toMatchObject({ tf: "5m", seq: 9, rows: [{ row: { live_price: 10 } }] });
  });

  it("shows what was kept when the server takes its time", async () => {
    const h = harness({ kept: frame(), fetchRows: () => new Promise(() => undefined) });
    h.live.setTimeframe("5m");
    await vi.advanceTimersByTimeAsync(1600);
    expect(h.live.snapshot()).toMatchObject({ loaded: true, kept: true, transport: "connecting" });
  });

  it("makes rows grey as they age without a server, and not before", async () => {
    const h = harness({ kept: frame() });
    h.live.setTimeframe("5m");
    h.handlers().onTransport("offline");
    await vi.advanceTimersByTimeAsync(0);
    expect(h.live.snapshot().rows[0]?.row.quality).toEqual([]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(h.live.snapshot().rows[0]?.row.quality).toEqual(["stale"]);
    h.answers.push(ack({ full: false, seq: 8, rows: [] }));
    await h.connect();
    expect(h.live.snapshot().rows[0]?.row.quality).toEqual([]);
  });

  it("is offline when nothing answers and not even a timeframe is known", () => {
    const h = harness();
    h.handlers().onTransport("offline");
    expect(h.live.snapshot()).toMatchObject({ loaded: false, transport: "offline" });
  });

  it("waits as long as the server asks for", async () => {
    const asked = vi.fn(() => Promise.reject(new ApiError("Not now.", 503, 60_000)));
    const h = harness({ fetchRows: asked });
    h.live.setTimeframe("5m");
    h.handlers().onTransport("offline");
    await vi.advanceTimersByTimeAsync(59_000);
    expect(asked).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(3000);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it("keeps its place in the stream while it asks over HTTP, and wakes the socket", async () => {
    const h = harness({ fetchRows: () => Promise.resolve([makeRow()]) });
    h.live.setTimeframe("5m");
    h.answers.push(ack({ seq: 10 }), ack({ full: false, seq: 12, rows: [] }));
    await h.connect();
    h.handlers().onTransport("offline");
    await vi.advanceTimersByTimeAsync(0);
    expect(h.live.snapshot().transport).toBe("http");
    expect(h.retry).toHaveBeenCalledOnce();
    await h.connect();
    expect(h.requests.map(({ since }) => since)).toEqual([null, 10]);
  });

  it("reads the newest alerts where it had no place in the stream", async () => {
    const missed = makeAlert();
    const h = harness({ fetchAlerts: () => Promise.resolve([missed]) });
    h.live.setTimeframe("5m");
    h.answers.push(ack(), ack({ full: true, seq: 11 }));
    await h.connect();
    expect(h.onAlerts.mock.calls).toEqual([[[missed], false]]);
    await h.connect();
    expect(h.onAlerts).toHaveBeenCalledOnce();
  });

  it("tells of another database when the server counts from lower than before", async () => {
    const h = harness();
    h.live.setTimeframe("5m");
    h.answers.push(ack({ seq: 100 }), ack({ seq: 3, rows: [] }));
    await h.connect();
    expect(h.onOtherDatabase).not.toHaveBeenCalled();
    await h.connect();
    expect(h.requests.map(({ since }) => since)).toEqual([null, 100]);
    expect(h.onOtherDatabase).toHaveBeenCalledOnce();
  });
});
