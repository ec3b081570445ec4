import { act, renderHook, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";

import type { Alert } from "../src/api/types";
import { useAlertPages } from "../src/panels/history/useAlertPages";
import { makeAlert } from "./make";

/** A server with these alerts, newest first. */
function serve(stored: { alerts: Alert[] }) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    const query = new URL(url, "http://x").searchParams;
    const offset = Number(query.get("offset"));
    const page = stored.alerts.slice(offset, offset + Number(query.get("limit")));
    const headers = { "content-range": `alerts ${offset}-${offset + page.length - 1}/${stored.alerts.length}` };
    return Promise.resolve(new Response(JSON.stringify(page), { headers }));
  });
  return asked;
}

const many = (count: number) => Array.from({ length: count }, (_, i) => makeAlert({ id: 10_000 - i }));
const QUERY = { kind: "tier" };

afterEach(() => void vi.stubGlobal("fetch", undefined));

describe("pages of alerts", () => {
  it("asks for what is looked at, once", async () => {
    const stored = { alerts: many(350) };
    const asked = serve(stored);
    const { result } = renderHook(() => useAlertPages(QUERY));
    await waitFor(() => expect(result.current.total).toBe(350));
    act(() => result.current.need(290, 320));
    act(() => result.current.need(290, 320));
    await waitFor(() => expect(result.current.at(310)?.id).toBe(stored.alerts[310]?.id));
    expect(result.current.at(150)).toBeUndefined();
    expect(asked).toHaveLength(3);
    expect(asked.every((url) => url.includes("kind=tier"))).toBe(true);
  });

  it("stands still while new alerts come, and shows them after a restart", async () => {
    const stored = { alerts: many(300) };
    serve(stored);
    const { result } = renderHook(() => useAlertPages(QUERY));
    await waitFor(() => expect(result.current.total).toBe(300));
    const [top, late] = [stored.alerts[0], stored.alerts[199]];
    stored.alerts = [makeAlert(), makeAlert(), makeAlert(), ...stored.alerts];
    act(() => result.current.need(100, 199));
    // Three of this page have moved to the server's next: they are asked for as well.
    await waitFor(() => expect(result.current.at(199)?.id).toBe(late?.id));
    expect(result.current.at(0)?.id).toBe(top?.id);
    expect(result.current.total).toBe(300);
    act(() => result.current.restart());
    await waitFor(() => expect(result.current.total).toBe(303));
    expect(result.current.at(0)?.id).toBe(stored.alerts[0]?.id);
  });

  it("tells what went wrong, and goes on after a restart", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    const { result } = renderHook(() => useAlertPages(QUERY));
    await waitFor(() => expect(result.current.error).toBe("The server does not answer."));
    serve({ alerts: many(3) });
    act(() => result.current.restart());
    await waitFor(() => expect(result.current.total).toBe(3));
    expect(result.current.error).toBeNull();
  });
});
