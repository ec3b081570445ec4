import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { Health } from "../src/api/types";
import { localTime } from "../src/lib/time";
import Exchanges from "../src/panels/exchanges/Exchanges";

const AT = Date.now();
const HEALTH: Health = {
  status: "degraded",
  at: AT,
  exchanges: {
    binanceusdm: {
      state: "ok", pairs: 200, source: "mixed", reconnects: 3, budget_used: 0.42, budgets: { weight: 0.42, data: 0.1 },
      clock_skew_ms: -120, oldest_s: 75, latency_p50_s: 0.08, latency_p95_s: 0.2, request_rate: 4.2, error_rate: 0.001,
      refresh: { candles: { every_s: 300, share: 1 }, top_ls: { every_s: 900, share: 0.33 } },
    },
    bybit: { state: "banned", banned_for_s: 600, last_error: "access too frequent", throttled: { all: 12 } },
  },
  coingecko: { state: "ok", age_s: 60, matched: 180 },
};

const card = (name: string) => within(screen.getByRole("region", { name }));

describe("the exchanges' panel", () => {
  it("shows what each does, how its figures come and how much of its limits is used", () => {
    render(<Exchanges health={HEALTH} onClose={() => undefined} />);
    const binance = card("Binance");
    expect(binance.getByText("ok")).toBeInTheDocument();
    expect(binance.getByText("websocket and REST")).toBeInTheDocument();
    expect(binance.getByText("42%")).toBeInTheDocument();
    expect(binance.getByText("0.1 s behind")).toBeInTheDocument();
    expect(binance.getByText("1 m 15 s after its close")).toBeInTheDocument();
    expect(binance.getByText("at the latest every 15 min, 33 % of the pairs a bar")).toBeInTheDocument();
    expect(binance.getByText("every 5 min, all pairs")).toBeInTheDocument();
    expect(screen.getByText(/180 pairs matched/)).toBeInTheDocument();
  });

  it("tells a ban with its end, the reason and what is closed", () => {
    render(<Exchanges health={HEALTH} onClose={() => undefined} />);
    const bybit = card("Bybit");
    expect(bybit.getByText(`banned until ${localTime(AT + 600_000, AT)}`)).toBeInTheDocument();
    expect(bybit.getByText(/access too frequent/)).toBeInTheDocument();
    expect(bybit.getByText("all: closed for 12 s")).toBeInTheDocument();
    expect(bybit.queryByText(/How often/)).not.toBeInTheDocument();
  });

  it("says so when nothing is known, and closes", async () => {
    const close = vi.fn();
    render(<Exchanges health={{ status: "starting" }} onClose={close} />);
    expect(screen.getByText(/Nothing is known/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(close).toHaveBeenCalled();
  });
});
