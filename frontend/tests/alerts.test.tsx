import { act, fireEvent, render, renderHook, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Alert } from "../src/api/types";
import { useAlerts } from "../src/hooks/useAlerts";
import type { ToastPlan } from "../src/lib/toastPolicy";
import { AlertRail } from "../src/panels/alerts/AlertRail";
import { popUp, Toasts } from "../src/panels/alerts/Toasts";
import { makeAlert } from "./make";

const NOBODY = new Set<string>();
const CYCLE_MS = 1000;

function hook(listed: Alert[] = []) {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(listed))));
  const notify = vi.fn<(plans: ToastPlan[]) => void>();
  const view = renderHook(() => useAlerts(() => NOBODY, notify));
  const cycle = () => act(() => vi.advanceTimersByTimeAsync(CYCLE_MS));
  const shown = () => notify.mock.calls.flatMap(([plans]) => plans);
  return { ...view, shown, cycle };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.stubGlobal("fetch", undefined);
});

describe("useAlerts", () => {
  it("lists the history without popping anything up", async () => {
    const h = hook([makeAlert({ tier: 2, ts: 1 }), makeAlert({ tier: 2, ts: 2 })]);
    await h.cycle();
    expect(h.result.current.alerts.map(({ ts }) => ts)).toEqual([2, 1]);
    expect(h.result.current.unread).toBe(0);
    expect(h.shown()).toEqual([]);
  });

  it("pops an alert up once, though it comes again after a reconnect", async () => {
    const h = hook();
    const alert = makeAlert({ tier: 2 });
    act(() => h.result.current.take([alert], true));
    await h.cycle();
    act(() => h.result.current.take([{ ...alert }], true));
    act(() => h.result.current.take([{ ...alert }], false));
    await h.cycle();
    expect(h.shown()).toHaveLength(1);
    expect(h.result.current.alerts).toHaveLength(1);
    expect(h.result.current.unread).toBe(1);
  });

  it("pops up what a reconnect brings that happened in between", async () => {
    const h = hook();
    act(() => h.result.current.take([makeAlert({ tier: 2, base: "A", seq: 50 })], true));
    await h.cycle();
    act(() => h.result.current.take([makeAlert({ tier: 2, base: "OLD", seq: 40 }), makeAlert({ tier: 2, base: "NEW", seq: 60 })], false));
    await h.cycle();
    expect(h.shown().map((plan) => plan.kind === "single" && plan.alert.base)).toEqual(["A", "NEW"]);
  });

  it("remembers across a reload of the tab", async () => {
    const alert = makeAlert({ tier: 2, seq: 90 });
    const before = hook();
    act(() => before.result.current.take([alert], true));
    await before.cycle();
    before.unmount();
    const after = hook([alert]);
    act(() => after.result.current.take([alert], true));
    await after.cycle();
    expect(after.shown()).toEqual([]);
    expect(after.result.current.alerts).toHaveLength(1);
  });

  it("gathers one cycle before it decides", async () => {
    const h = hook();
    for (const base of ["A", "B", "C", "D"]) act(() => h.result.current.take([makeAlert({ tier: 2, base })], true));
    await h.cycle();
    expect(h.shown()).toMatchObject([{ kind: "summary", count: 4 }]);
  });
});

describe("what the reader sees", () => {
  const nothing = () => undefined;

  it("gives each alert its tier, pair and sentence, the time in UTC on hover", () => {
    const alert = makeAlert({ tier: 6, base: "SOL", exchange: "okx", text: "Three alerts within 12 bars.", ts: Date.UTC(2026, 0, 2, 3, 4, 5) });
    const onOpen = vi.fn();
    render(<AlertRail alerts={[alert]} loaded error={null} onOpen={onOpen} onClose={nothing} />);
    fireEvent.click(screen.getByRole("button", { name: /^T6 ?SOL ?OKX · 5m.*Three alerts within 12 bars\.$/ }));
    expect(onOpen).toHaveBeenCalledWith(alert);
    expect(document.querySelector("time")).toHaveAttribute("title", "2026-01-02 03:04:05 UTC");
  });

  it("says so when there is none, and when the list cannot be read", () => {
    const { rerender } = render(<AlertRail alerts={[]} loaded error={null} onOpen={nothing} onClose={nothing} />);
    expect(screen.getByRole("status")).toHaveTextContent("No alert yet");
    rerender(<AlertRail alerts={[]} loaded error="503" onOpen={nothing} onClose={nothing} />);
    expect(screen.getByRole("alert")).toHaveTextContent("could not be read: 503");
  });

  it("names the top three in a summary toast and opens the first", () => {
    const onOpen = vi.fn();
    const [a, b, c] = ["A", "B", "C"].map((base) => makeAlert({ tier: 2, base }));
    if (!a || !b || !c) throw new Error("three alerts");
    render(<Toasts beside={false} />);
    act(() => popUp([{ kind: "summary", count: 5, top: [a, b, c], lead: a }], onOpen));
    const toast = screen.getByRole("alert");
    expect(toast).toHaveTextContent("5 coins alert together");
    expect(toast).toHaveTextContent("A (Confluence), B (Confluence), C (Confluence) and 2 more");
    fireEvent.click(screen.getByRole("button", { name: /coins alert/ }));
    expect(onOpen).toHaveBeenCalledWith(a);
  });
});
