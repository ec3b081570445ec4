import { render } from "@testing-library/react";
import { vi } from "vitest";

import type { LiveSnapshot } from "../src/api/live";
import type { MetricRow } from "../src/api/types";
import { changeUrl } from "../src/lib/url";
import Markets from "../src/panels/markets/Markets";
import { makeView } from "./make";

export const TS = 1_700_000_000_000;

/** A server of one answer, which can be changed; `asked` are the paths it was asked for. */
export function serve(body: unknown) {
  const asked: string[] = [];
  const server = { asked, answer: () => Response.json(body) };
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve(server.answer());
  });
  return server;
}

export const row = (base: string, over: Partial<MetricRow> = {}) => makeView({ base, symbol: `${base}/USDT:USDT`, ...over });

const live = (over: Partial<LiveSnapshot> = {}): LiveSnapshot => ({
  tf: "5m", loaded: true, kept: false, transport: "websocket", error: null, freshAt: TS,
  rows: [
    row("BTC", { funding: 0.0001, oi_change_1h_pct: 3.25 }),
    row("ETH", { funding: -0.0004, funding_interval_h: 4, oi_change_1h_pct: -1.5 }),
    row("XRP", { funding: null, oi_change_1h_pct: null }),
  ],
  ...over,
});

/** The market views at a tab. */
export function showMarkets(tab: string, over: Partial<LiveSnapshot> = {}, search = "") {
  const opened: string[] = [];
  window.history.replaceState(null, "", "/?view=markets");
  changeUrl({ tab });
  const element = (snapshot: LiveSnapshot) => (
    <Markets
      live={snapshot}
      tf="5m"
      exchange=""
      search={search}
      exchanges={["binanceusdm", "bybit", "okx"]}
      catalog={null}
      divergenceSigma={2}
      openKey={null}
      handle={null}
      onOpen={(pair) => opened.push(pair)}
    />
  );
  const { rerender } = render(element(live(over)));
  return { opened, update: (next: Partial<LiveSnapshot>) => rerender(element(live(next))) };
}
