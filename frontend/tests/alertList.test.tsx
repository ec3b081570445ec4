import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { useAlerts } from "../src/hooks/useAlerts";
import { makeAlert } from "./make";

const SECOND_MS = 1000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.stubGlobal("fetch", undefined);
});

it("asks again while the list cannot be read", async () => {
  let answers = 0;
  vi.stubGlobal("fetch", () => {
    answers += 1;
    return answers < 3 ? Promise.reject(new TypeError("away")) : Promise.resolve(new Response(JSON.stringify([makeAlert({})])));
  });
  const { result } = renderHook(() => useAlerts({ reach: vi.fn(), away: () => false, notify: vi.fn() }));
  await act(() => vi.advanceTimersByTimeAsync(SECOND_MS));
  expect([result.current.error === null, result.current.loaded]).toEqual([false, true]);
  await act(() => vi.advanceTimersByTimeAsync(10 * SECOND_MS));
  expect(result.current.error).toBeNull();
  expect(result.current.alerts).toHaveLength(1);
  expect(answers).toBe(3);
});
