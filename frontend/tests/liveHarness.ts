import { vi } from "vitest";

import { ApiError } from "../src/api/client";
import type { FeedHandlers } from "../src/api/feed";
import type { KeptFrame } from "../src/api/kept";
import { LiveData } from "../src/api/live";
import type { Alert, MetricRow, SubscribeAck, SubscribeRequest } from "../src/api/types";
import { makeRow } from "./make";

export const ack = (over: Partial<SubscribeAck> = {}): SubscribeAck => ({
  tf: "5m", seq: 10, ts: 0, full: true, rows: [makeRow()], ...over,
});

const offline = () => Promise.reject(new ApiError("The server does not answer.", 0));

interface Fakes {
  fetchRows?: () => Promise<MetricRow[]>;
  fetchAlerts?: () => Promise<Alert[]>;
  kept?: KeptFrame | null;
}

/** `LiveData` beside a socket that says what the test says; time is the test's too. */
export function harness({ fetchRows = offline, fetchAlerts = () => Promise.resolve([]), kept = null }: Fakes = {}) {
  const requests: SubscribeRequest[] = [];
  const answers: (SubscribeAck | Error)[] = [];
  let handlers: FeedHandlers | null = null;
  const [onAlerts, onOtherDatabase, retry] = [vi.fn(), vi.fn(), vi.fn()];
  const live = new LiveData({
    open: (given) => {
      handlers = given;
      return {
        subscribe: (request) => {
          requests.push(request);
          const answer = answers.shift() ?? new Error("timeout");
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
        retry,
        close: () => undefined,
      };
    },
    fetchRows,
    fetchAlerts,
    recall: () => Promise.resolve(kept),
    now: () => Date.now(),
    onChange: () => undefined,
    onAlerts,
    onHealth: () => undefined,
    onOtherDatabase,
  });
  live.connect();
  const connect = async () => {
    handlers?.onTransport("websocket");
    handlers?.onConnect();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { live, requests, answers, onAlerts, onOtherDatabase, retry, connect, handlers: () => handlers as unknown as FeedHandlers };
}

export const frame = (over: Partial<KeptFrame> = {}): KeptFrame => ({
  tf: "5m", seq: 7, rows: [{ row: makeRow({ live_price: 9, age_s: 2 }), at: Date.now() - 60_000 }], ...over,
});
