import { render, screen } from "@testing-library/react";
import { createRef } from "react";
import { vi } from "vitest";

import type { Run } from "../src/api/types";
import type { OpenerHandle } from "../src/hooks/useOpener";
import { changeUrl } from "../src/lib/url";
import Simulate from "../src/panels/simulate/Simulate";
import { makeView } from "./make";
import { makeRun, makeSummary } from "./makeRun";

export type Asked = Record<"url" | "method" | "body", string>;
export type Answer = (asked: Asked) => Response | undefined;

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

/** A server with these runs; `answer` goes first. */
export function serve(runs: readonly Run[] = [], answer: Answer = () => undefined): Asked[] {
  const calls: Asked[] = [];
  const kept = new Map(runs.map((run) => [run.id, run]));
  const runOf = (id: string, method: string) => {
    if (method === "DELETE" && kept.delete(id)) return new Response(null, { status: 204 });
    const run = kept.get(id);
    return run ? json(run) : json({ detail: `there is no run ${id}` }, 404);
  };
  const plain = ({ url, method }: Asked) => {
    const id = /^\/api\/runs\/([^?/]+)$/.exec(url)?.[1];
    if (id !== undefined) return runOf(decodeURIComponent(id), method);
    return url.startsWith("/api/runs") ? json([...kept.values()].map(makeSummary), 200, { "content-range": `runs 0-9/${kept.size}` }) : json([]);
  };
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    const asked = { url, method: init.method ?? "GET", body: typeof init.body === "string" ? init.body : "" };
    calls.push(asked);
    return Promise.resolve(answer(asked) ?? plain(asked));
  });
  return calls;
}

let counter = 0;
/** Runs are kept by their ids between tests: each has one of its own. */
export const unique = (over: Partial<Run> = {}) => makeRun({ id: `run-${(counter += 1)}`, ...over });

/** What a click on a trade calls. */
export const onChart = vi.fn();

/** The view at an address. */
export function show(address: Parameters<typeof changeUrl>[0] = {}) {
  changeUrl({ view: "simulate", ...address });
  return render(
    <Simulate tf="5m" timeframes={["5m", "15m"]} exchanges={["okx", "bybit"]} rows={[makeView({ exchange: "okx" })]} settings={null} handle={createRef<OpenerHandle>()} onChart={onChart} />,
  );
}

export const runButton = () => screen.getByRole("button", { name: "Run" });

/** A narrow screen, as the view asks for it. */
export const narrow = (widths: readonly string[]) =>
  vi.stubGlobal("matchMedia", (media: string) => ({ media, matches: widths.some((width) => media.includes(width)), addEventListener: () => undefined, removeEventListener: () => undefined }));

/** As before any test: an empty server, a wide screen, no address. */
export function reset(): void {
  changeUrl({ view: null, run: null, runs: null, job: null, part: null, filter: null });
  narrow([]);
  onChart.mockReset();
  serve();
}
