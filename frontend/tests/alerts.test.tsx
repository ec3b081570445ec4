import { act, fireEvent, render, renderHook, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Alert } from "../src/api/types";
import { useAlerts } from "../src/hooks/useAlerts";
import { POPUPS, type ToastPlan } from "../src/lib/toastPolicy";
import AlertRail from "../src/panels/alerts/AlertRail";
import Toasts, { popUp } from "../src/panels/alerts/Toasts";
import { makeAlert } from "./make";

const CYCLE_MS = 1000;

const coin = (base: string, over: Partial<Alert> = {}) => makeAlert({ base, tier: 2, ...over });

let hidden = false;

function hook(listed: Alert[] | Promise<Response> = []) {
  const answer = listed instanceof Promise ? listed : Promise.resolve(new Response(JSON.stringify(listed)));
  vi.stubGlobal("fetch", () => answer);
  const notify = vi.fn<(plans: ToastPlan[], seen: boolean) => void>();
  const ports = {
    reach: () => ({ popups: POPUPS.fallback, largest: new Set<string>(), watched: new Set<string>(), muted: () => false }),
    away: () => away.now,
    notify,
  };
  const away = { now: false };
  const view = renderHook(() => useAlerts(ports));
  const cycle = () => act(() => vi.advanceTimersByTimeAsync(CYCLE_MS));
  const shown = () => notify.mock.calls.flatMap(([plans, seen]) => (seen ? plans : []));
  const take = (alerts: Alert[], fresh: boolean) => act(() => view.result.current.take(alerts, fresh));
  return { ...view, notify, shown, cycle, take, away };
}

beforeEach(() => {
  vi.useFakeTimers();
  hidden = false;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
});
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

  it("takes no empty word for a list: the history that comes after it was not missed", async () => {
    let resolve: (response: Response) => void = () => undefined;
    const h = hook(new Promise<Response>((done) => (resolve = done)));
    h.take([], false);
    resolve(new Response(JSON.stringify([coin("A")])));
    await h.cycle();
    expect(h.result.current.alerts).toHaveLength(1);
    expect(h.shown()).toEqual([]);
  });

  it("pops an alert up once, though it comes again after a reconnect", async () => {
    const h = hook();
    const alert = coin("A");
    h.take([alert], true);
    await h.cycle();
    h.take([{ ...alert }], true);
    h.take([{ ...alert }], false);
    await h.cycle();
    expect(h.shown()).toHaveLength(1);
    expect(h.result.current.alerts).toHaveLength(1);
    expect(h.result.current.unread).toBe(1);
  });

  it("tells in one toast what a reconnect brings that happened in between", async () => {
    const h = hook([coin("OLD")]);
    await h.cycle();
    h.take([coin("A")], true);
    await h.cycle();
    h.away.now = true;
    for (const base of ["B", "C", "D", "E"]) h.take([coin(base)], true);
    await h.cycle();
    h.away.now = false;
    h.take([coin("F")], true);
    await h.cycle();
    expect(h.shown().map(({ kind }) => kind)).toEqual(["single", "missed", "single"]);
    expect(h.shown()[1]).toMatchObject({ count: 4, more: false });
  });

  it("finds what was missed in a list, too, and only that", async () => {
    const old = [coin("A"), coin("B")];
    const h = hook(old);
    await h.cycle();
    const missed = [coin("C"), coin("D")];
    h.take([...missed, ...old], false);
    h.take([...missed, ...old], false);
    await h.cycle();
    expect(h.shown()).toMatchObject([{ kind: "missed", count: 2, top: [{ base: "C" }, { base: "D" }] }]);
  });

  it("remembers across a reload of the tab, and tells once what came while it was gone", async () => {
    const [first, second] = [coin("A"), coin("B")];
    const before = hook([]);
    await before.cycle();
    before.take([first], true);
    await before.cycle();
    before.unmount();
    const after = hook([second, first]);
    await after.cycle();
    after.take([first], true);
    await after.cycle();
    expect(after.shown()).toMatchObject([{ kind: "missed", count: 1, lead: { base: "B" } }]);
    after.unmount();
    const last = hook([second, first]);
    await last.cycle();
    expect(last.shown()).toEqual([]);
  });

  it("has not told what a reload cut off", async () => {
    const before = hook([]);
    await before.cycle();
    const alert = coin("A");
    before.take([alert], true);
    before.unmount();
    const after = hook([alert]);
    await after.cycle();
    expect(after.shown()).toMatchObject([{ kind: "missed", lead: { base: "A" } }]);
  });

  it("takes lower ids for another database, where nothing was missed", async () => {
    const before = hook([coin("A", { id: 900 })]);
    await before.cycle();
    before.unmount();
    const after = hook([coin("B", { id: 3 })]);
    await after.cycle();
    expect(after.shown()).toEqual([]);
  });

  it("says that there is more than the list holds", async () => {
    const before = hook([coin("A", { id: 1000 })]);
    await before.cycle();
    before.unmount();
    const after = hook(Array.from({ length: 200 }, (_, i) => coin("X", { id: 3000 - i })));
    await after.cycle();
    expect(after.shown()).toMatchObject([{ kind: "missed", count: 200, more: true }]);
  });

  it("keeps toasts for when the page can be seen again; they are heard at once", async () => {
    const h = hook([]);
    await h.cycle();
    hidden = true;
    h.take([coin("A")], true);
    await h.cycle();
    h.take([coin("B")], true);
    await h.cycle();
    expect(h.shown()).toEqual([]);
    expect(h.notify.mock.calls.map(([plans, seen]) => [plans[0]?.kind, seen])).toEqual([["single", false], ["single", false]]);
    hidden = false;
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
    await h.cycle();
    expect(h.shown()).toMatchObject([{ kind: "missed", count: 2 }]);
  });

  it("gathers one cycle before it decides", async () => {
    const h = hook();
    for (const base of ["A", "B", "C", "D"]) h.take([coin(base)], true);
    await h.cycle();
    expect(h.shown()).toMatchObject([{ kind: "summary", count: 4 }]);
  });
});

describe("what the reader sees", () => {
  const nothing = () => undefined;
  const rail = { loaded: true, error: null, onOpen: nothing, onExplain: nothing, onAll: nothing, onClose: nothing };
  const actions = { onOpen: nothing, onList: nothing, onMute: nothing };

  it("gives each alert its tier, pair and sentence, the time in UTC on hover", () => {
    const alert = makeAlert({
      tier: 6, base: "SOL", exchange: "okx", text: "SOL on OKX, 5m: three alerts within 12 bars", ts: Date.UTC(2026, 0, 2, 3, 4, 5),
    });
    const onOpen = vi.fn();
    const onExplain = vi.fn();
    render(<AlertRail {...rail} alerts={[alert]} onOpen={onOpen} onExplain={onExplain} />);
    fireEvent.click(screen.getByRole("button", { name: /^T6 ?SOL ?OKX · 5m.*Three alerts within 12 bars$/ }));
    expect(onOpen).toHaveBeenCalledWith(alert);
    fireEvent.click(screen.getByRole("button", { name: /no evidence yet/ }));
    expect(onExplain).toHaveBeenCalledWith(alert);
    expect(document.querySelector("time")).toHaveAttribute("title", "2026-01-02 03:04:05 UTC");
  });

  it("says so when there is none, and when the list cannot be read", () => {
    const { rerender } = render(<AlertRail {...rail} alerts={[]} />);
    expect(screen.getByRole("status")).toHaveTextContent("No alert yet");
    rerender(<AlertRail {...rail} alerts={[]} error="503" />);
    expect(screen.getByRole("alert")).toHaveTextContent("could not be read: 503");
  });

  it("mutes for an hour and says until when", () => {
    vi.setSystemTime(Date.UTC(2026, 0, 2, 12));
    render(<AlertRail {...rail} alerts={[]} />);
    fireEvent.click(screen.getByRole("button", { name: "Mute 1 h" }));
    expect(screen.getByRole("button", { name: /Muted until .* · unmute/ })).toBeInTheDocument();
    expect(JSON.parse(localStorage.getItem("futuresboard.mute") ?? "")).toEqual({ all: Date.UTC(2026, 0, 2, 13), pairs: [] });
    act(() => void vi.advanceTimersByTime(3_601_000));
    expect(screen.getByRole("button", { name: "Mute 1 h" })).toBeInTheDocument();
  });

  it("names the top three in a summary toast, each leading to its chart, the rest to the list", () => {
    const onOpen = vi.fn();
    const onList = vi.fn();
    const [a, b, c] = ["A", "B", "C"].map((base) => coin(base));
    if (!a || !b || !c) throw new Error("three alerts");
    render(<Toasts />);
    act(() => popUp([{ kind: "summary", count: 15, top: [a, b, c], lead: a, held: 0 }], { ...actions, onOpen, onList }));
    expect(screen.getByRole("alert")).toHaveTextContent("15 coins alert together");
    fireEvent.click(screen.getByRole("button", { name: /^B Confluence/ }));
    expect(onOpen).toHaveBeenCalledWith(b);
    act(() => popUp([{ kind: "summary", count: 15, top: [a, b, c], lead: a, held: 0 }], { ...actions, onOpen, onList }));
    fireEvent.click(screen.getByRole("button", { name: "… and +12 more in the list" }));
    expect(onList).toHaveBeenCalledOnce();
  });

  it("tells what a toast held back, and mutes the pair", () => {
    const onMute = vi.fn();
    const alert = coin("A");
    render(<Toasts />);
    act(() => popUp([{ kind: "single", alert, also: [], held: 7 }], { ...actions, onMute }));
    expect(screen.getByRole("alert")).toHaveTextContent("and 7 more of this kind held back");
    fireEvent.click(screen.getByRole("button", { name: "Mute A on this exchange" }));
    expect(onMute).toHaveBeenCalledWith(alert);
  });

  it("keeps what was missed until somebody has seen it", () => {
    const alert = coin("A");
    render(<Toasts />);
    act(() => popUp([{ kind: "missed", count: 200, more: true, top: [alert], lead: alert }], actions));
    act(() => void vi.advanceTimersByTime(600_000));
    expect(screen.getByText("200+ alerts while you were away")).toBeInTheDocument();
    fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  });
});
