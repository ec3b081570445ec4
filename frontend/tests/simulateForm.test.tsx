import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SimulationRequest } from "../src/api/types";
import { VIEWS } from "../src/lib/savedViews";
import { SETUP } from "../src/lib/setup";
import { choose } from "../src/lib/stored";
import { urlParam } from "../src/lib/url";
import { type Asked, json, narrow, reset, runButton, serve, show, unique } from "./showSimulate";

const bodyOf = (calls: readonly Asked[]) => JSON.parse(calls.find(({ method }) => method === "POST")?.body ?? "null") as SimulationRequest;

beforeEach(reset);
afterEach(reset);

describe("the form", () => {
  it("runs as it stands, and shows the run that is answered", async () => {
    const run = unique();
    const calls = serve([], ({ method }) => (method === "POST" ? json(run) : undefined));
    show();
    fireEvent.click(runButton());
    expect(await screen.findByRole("region", { name: "Verdict" })).toHaveTextContent("Too few to tell");
    expect(bodyOf(calls)).toMatchObject({ data: { tf: "5m", symbols: null }, settings: { entry: "tier", tier: 1, hold: 6 } });
    expect([urlParam("run"), urlParam("part")]).toEqual([run.id, "result"]);
  });

  it("is sent by Enter, but not while a field does not fit: that gets the focus", () => {
    const calls = serve();
    show();
    const hold = screen.getByRole("textbox", { name: /^Hold/ });
    fireEvent.change(hold, { target: { value: "six" } });
    expect(hold).toHaveAccessibleDescription(/whole number from 1/);
    fireEvent.submit(screen.getByRole("form", { name: "Simulation" }));
    expect(document.activeElement).toBe(hold);
    expect(calls.some(({ method }) => method === "POST")).toBe(false);
  });

  it("says the server's refusal at its field, until that is changed", async () => {
    serve([], ({ method }) => (method === "POST" ? json({ detail: "stop_loss: got 0.5, allowed: less", parameter: "stop_loss" }, 400) : undefined));
    show();
    const field = screen.getByRole("textbox", { name: /^Stop loss/ });
    fireEvent.change(field, { target: { value: "50" } });
    fireEvent.click(runButton());
    expect(await screen.findByRole("alert")).toHaveTextContent("got 0.5, allowed: less");
    expect(field).toHaveAttribute("aria-invalid", "true");
    expect(document.activeElement).toBe(field);
    fireEvent.change(field, { target: { value: "5" } });
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("says what no field is to blame for", async () => {
    serve([], ({ method }) => (method === "POST" ? json({ detail: "data: there are no such bars", parameter: "data" }, 400) : undefined));
    show();
    fireEvent.click(runButton());
    expect(await screen.findByRole("alert")).toHaveTextContent("there are no such bars");
  });

  it("takes a saved filter as what opens a trade, and refuses what no closed bar knows", async () => {
    choose(VIEWS, [{ ...SETUP.fallback, name: "Squeeze", filter: "z > 2 and funding < 0", chip: "all" }]);
    const run = unique();
    const calls = serve([], ({ method }) => (method === "POST" ? json(run) : undefined));
    show();
    fireEvent.change(screen.getByRole("combobox", { name: "On" }), { target: { value: "rule" } });
    const line = await screen.findByRole("combobox", { name: "Condition that opens a trade" }, { timeout: 20_000 });
    fireEvent.change(line, { target: { value: "live_price > 2" } });
    expect(screen.getByText(/Closed bars do not know live_price/)).toBeInTheDocument();
    fireEvent.click(runButton());
    expect(document.activeElement).toBe(line);
    fireEvent.change(screen.getByRole("combobox", { name: "Saved conditions" }), { target: { value: "0" } });
    expect(line).toHaveValue("z > 2 and funding < 0");
    fireEvent.click(runButton());
    await screen.findByRole("region", { name: "Verdict" });
    expect(bodyOf(calls).settings).toMatchObject({ entry: "rule", tier: null, rule: "z > 2 and funding < 0" });
  });
});

describe("a simulation under way", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());
  const job = (over: object) => json({ id: "j1", state: "running", progress: 0, error: null, ...over }, 202);

  /** Lets answers come and time pass. */
  const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

  it("shows how far it is, and then its run", async () => {
    const run = unique();
    let asked = 0;
    serve([], ({ url, method }) => {
      if (method === "POST") return job({ state: "queued" });
      if (url !== "/api/simulate/j1") return undefined;
      asked += 1;
      return asked < 3 ? job({ progress: asked / 4 }) : json(run);
    });
    show();
    fireEvent.click(runButton());
    await pass(10);
    expect(urlParam("job")).toBe("j1");
    expect(screen.getByRole("button", { name: "Running…" })).toHaveAttribute("aria-disabled", "true");
    await pass(300);
    expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "50");
    await pass(2000);
    await pass(10);
    expect(screen.getByRole("region", { name: "Verdict" })).toBeInTheDocument();
    expect([urlParam("job"), urlParam("run")]).toEqual([null, run.id]);
  });

  it("can be cancelled", async () => {
    const calls = serve([], ({ url, method }) => {
      if (method === "DELETE") return new Response(null, { status: 204 });
      return url === "/api/simulate/j1" ? job({ progress: 0.1 }) : undefined;
    });
    show({ job: "j1" });
    await pass(10);
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    await pass(10);
    expect(calls.some(({ method, url }) => method === "DELETE" && url === "/api/simulate/j1")).toBe(true);
    expect(urlParam("job")).toBeNull();
    expect(screen.queryByRole("progressbar")).toBeNull();
  });

  it("says why it failed, and that a link to one names none", async () => {
    serve([], ({ url }) => (url === "/api/simulate/j1" ? job({ state: "failed", error: "the database cannot be read" }) : json({ detail: "there is no such simulation" }, 404)));
    const { unmount } = show({ job: "j1" });
    await pass(10);
    expect(screen.getByRole("alert")).toHaveTextContent("the database cannot be read");
    fireEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(urlParam("job")).toBeNull();
    unmount();
    show({ job: "gone" });
    await pass(10);
    expect(screen.getByText(/does not know this simulation any more/)).toBeInTheDocument();
  });

  it("says a refusal that comes late at its field", async () => {
    serve([], ({ url }) => (url === "/api/simulate/j1" ? json({ detail: "data.symbols: got X, allowed: pairs with bars", parameter: "data.symbols" }, 400) : undefined));
    show({ job: "j1" });
    await pass(10);
    expect(screen.getByRole("combobox", { name: /^Pairs/ })).toHaveAttribute("aria-invalid", "true");
    expect(urlParam("job")).toBeNull();
  });

  it("goes on asking while the server cannot tell", async () => {
    const run = unique();
    let failing = true;
    serve([], ({ url }) => {
      if (url !== "/api/simulate/j1") return undefined;
      return failing ? json({ detail: "the server is busy" }, 503) : json(run);
    });
    show({ job: "j1" });
    await pass(10);
    expect(screen.getByRole("alert")).toHaveTextContent("It is asked again");
    failing = false;
    await pass(3100);
    expect(urlParam("run")).toBe(run.id);
  });
});

describe("on a narrow screen", () => {
  it("the form is a part of its own, and gives way to the result", async () => {
    narrow(["1023px"]);
    const run = unique();
    serve([], ({ method }) => (method === "POST" ? json(run) : undefined));
    show();
    expect(screen.getByRole("tab", { name: "Set up" })).toHaveAttribute("aria-selected", "true");
    runButton().focus();
    fireEvent.click(runButton());
    await screen.findByRole("region", { name: "Verdict" });
    expect(screen.queryByRole("form", { name: "Simulation" })).toBeNull();
    expect(document.activeElement).toBe(screen.getByRole("tabpanel"));
  });
});
