import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Settings as ServerSettings } from "../src/api/types";
import { SOUND } from "../src/lib/audio";
import { thresholdsOf } from "../src/lib/filter";
import { forgetAll } from "../src/lib/forget";
import { PERSONAL } from "../src/lib/personal";
import { FORM } from "../src/lib/simulation/form";
import { choose, chosen } from "../src/lib/stored";
import { numberOf, plain } from "../src/lib/thresholds";
import { POPUPS } from "../src/lib/toastPolicy";
import { changeUrl } from "../src/lib/url";
import Settings from "../src/panels/settings/Settings";
import { makeCatalog } from "./make";

const SERVER: ServerSettings = {
  mode: "simulated", database: "d", version: "0", interval: 30, alert_mode: "literal", alert_budget: 50, timeframes: ["5m", "15m"], exchanges: ["okx"],
  thresholds: {
    z_threshold: 2.5, ls_threshold: 2, imbalance_threshold: 3, oi_delta_threshold: 1, funding_threshold: 0.01,
    divergence_sigma: 2, confluence_min: 2, alert_cooldown: 12,
  },
  catalog: makeCatalog(),
};

type Asked = Record<"url" | "method" | "body", string>;
type Answer = (asked: Asked) => Response | undefined;

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

const ALLOWED = () => new Response(null, { status: 200, headers: { allow: "GET, PUT, POST" } });

function serve(answer: Answer = () => undefined): Asked[] {
  const calls: Asked[] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    const asked = { url, method: init.method ?? "GET", body: typeof init.body === "string" ? init.body : "" };
    calls.push(asked);
    return Promise.resolve(answer(asked) ?? (asked.method === "OPTIONS" ? ALLOWED() : json([])));
  });
  return calls;
}

function show(section: string | null, onSettings = vi.fn()) {
  changeUrl({ section });
  render(<Settings tf="5m" settings={SERVER} limits={thresholdsOf(SERVER.thresholds)} onSettings={onSettings} />);
  return onSettings;
}

beforeEach(() => serve());
afterEach(() => {
  changeUrl({ section: null, filter: null });
  vi.stubGlobal("fetch", undefined);
});

describe("thresholds of the reader's own", () => {
  it("are chosen as they are typed; an empty field is the server's again", () => {
    show(null);
    const field = screen.getByLabelText("Z, σ", { selector: "#own-z" });
    fireEvent.change(field, { target: { value: "3,5" } });
    expect(chosen(PERSONAL)).toEqual({ z: 3.5 });
    fireEvent.change(field, { target: { value: "much" } });
    expect(screen.getByRole("alert")).toHaveTextContent("a number");
    expect(chosen(PERSONAL)).toEqual({ z: 3.5 });
    fireEvent.change(field, { target: { value: "" } });
    expect(chosen(PERSONAL)).toEqual({});
  });
});

describe("thresholds of the server", () => {
  const field = () => screen.getByLabelText(/^Z, σ/, { selector: "#server-z_threshold" });
  const ready = () => waitFor(() => expect(field()).not.toHaveAttribute("readonly"));

  it("send what was changed and take what is answered", async () => {
    const after = { ...SERVER, thresholds: { ...SERVER.thresholds, z_threshold: 3 } };
    const calls = serve(({ method }) => (method === "PUT" ? json(after) : undefined));
    const onSettings = show(null);
    await ready();
    fireEvent.change(field(), { target: { value: "3" } });
    expect(screen.getByText("Z 2.5 → 3")).toBeInTheDocument();
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(onSettings).toHaveBeenCalledWith(after));
    expect(calls.find(({ method }) => method === "PUT")?.body).toBe('{"thresholds":{"z_threshold":3}}');
  });

  it("show the server's refusal at the field", async () => {
    serve(({ method }) =>
      method === "PUT" ? json({ detail: "z_threshold: got 99, allowed: 0 to 10", parameter: "z_threshold" }, 400) : undefined,
    );
    show(null);
    await ready();
    fireEvent.change(field(), { target: { value: "99" } });
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(field()).toHaveAttribute("aria-invalid", "true"));
    expect(screen.getByRole("alert")).toHaveTextContent("got 99, allowed: 0 to 10");
  });

  it("are not sent while one is no number", async () => {
    const calls = serve();
    show(null);
    await ready();
    fireEvent.change(field(), { target: { value: "two" } });
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(screen.getByRole("alert")).toHaveTextContent("This is not a number.");
    expect(calls.some(({ method }) => method === "PUT")).toBe(false);
  });

  it("are put back by null", async () => {
    const calls = serve(({ method }) => (method === "PUT" ? json(SERVER) : undefined));
    show(null);
    await ready();
    fireEvent.click(screen.getByRole("button", { name: "Put back LS" }));
    await waitFor(() => expect(calls.find(({ method }) => method === "PUT")?.body).toBe('{"thresholds":{"ls_threshold":null}}'));
  });

  it("can only be read where the server keeps none", async () => {
    serve(({ method }) => (method === "OPTIONS" ? new Response(null, { headers: { allow: "GET, HEAD" } }) : undefined));
    show(null);
    await screen.findByText(/They cannot be changed here/);
    expect(field()).toHaveAttribute("readonly");
    expect(screen.queryByRole("button", { name: "Put back LS" })).toBeNull();
  });
});

describe("the planner", () => {
  const plan = (threshold: number) => ({
    tier: 1, setting: "Z_THRESHOLD", threshold, tf: "5m", days: 7, series: 120, days_known: 6.5, flags_per_day: 1,
    alerts: Math.round(900 / threshold), alerts_per_day: 140 / threshold,
    worth: [{
      direction: "long", horizon: 12, n: 214, clusters: 60, hit_rate: 0.49, low: 0.42, high: 0.56, base_rate: 0.48, uplift: 0.01,
      late: -0.01, expectancy: -0.001, q: 0.8, verdict: "no measurable edge", words: "…",
    }],
  });
  const planner = ({ url }: Asked) =>
    url.startsWith("/api/planner") ? json(plan(Number(new URL(url, "http://x").searchParams.get("threshold")))) : undefined;
  const openPlan = () => screen.getAllByRole("button", { name: "Plan" }).slice(0, 1).forEach((button) => fireEvent.click(button));

  it("tells what the value under the slider would start, beside what is in force", async () => {
    serve(planner);
    show(null);
    openPlan();
    const group = screen.getByRole("group", { name: "Plan Z" });
    fireEvent.change(within(group).getByRole("slider"), { target: { value: "3.5" } });
    await waitFor(() => expect(group).toHaveTextContent("At 3.5: 40 alerts a day (257 over 6.5 days of 120 pairs). In force now, at 2.5: 56 a day."));
    expect(group).toHaveTextContent(/12 bars.*no edge.*n 214 in 60 events/);
  });

  it("asks once for a drag, not for every step of it", async () => {
    const calls = serve(planner);
    show(null);
    openPlan();
    const slider = within(screen.getByRole("group", { name: "Plan Z" })).getByRole("slider");
    for (const value of ["2.6", "2.7", "2.8", "2.9"]) fireEvent.change(slider, { target: { value } });
    await screen.findByText(/^At 2.9:/, { exact: false });
    const asked = calls.filter(({ url }) => url.startsWith("/api/planner")).map(({ url }) => new URL(url, "http://x").searchParams.get("threshold"));
    expect(asked.sort()).toEqual(["2.5", "2.9"]);
  });

  it("says what was refused", async () => {
    serve(({ url }) => (url.startsWith("/api/planner") ? json({ detail: "threshold: got 99" }, 400) : undefined));
    show(null);
    openPlan();
    expect(await screen.findByRole("alert")).toHaveTextContent("This cannot be planned: Threshold: got 99");
  });

  it("reads and writes plain numbers", () => {
    expect([numberOf(" 2,5 "), numberOf("\u22120.01"), numberOf("1e3"), numberOf(""), numberOf("2.")]).toEqual([2.5, -0.01, null, null, 2]);
    expect([plain(0.1 + 0.2), plain(100), plain(-0.00001)]).toEqual(["0.3", "100", "-0.00001"]);
  });
});

describe("alerts", () => {
  it("remember what pops up and what is heard", () => {
    show("alerts");
    expect(screen.getByText(/may not sound yet: click anywhere/)).toBeInTheDocument();
    fireEvent.change(screen.getByLabelText(/^T1/, { selector: "select" }), { target: { value: "list" } });
    expect(chosen(POPUPS).t1).toBe("list");
    fireEvent.click(screen.getByLabelText("T5 Divergence", { selector: "input" }));
    expect(chosen(SOUND).slots).toEqual(["t6", "t2", "t5"]);
    fireEvent.change(screen.getByLabelText("▼ Short"), { target: { value: "double" } });
    expect(chosen(SOUND).tones.short).toBe("double");
  });

  it("show what the server says to a test", async () => {
    serve(({ url }) => (url === "/api/notify/test" ? json([{ target: "phone", ok: false, reason: "HTTP 401", took_s: 0.1 }]) : undefined));
    show("alerts");
    fireEvent.click(screen.getByRole("button", { name: "Send a test to every target" }));
    expect(await screen.findByText(/phone: HTTP 401/)).toBeInTheDocument();
  });

  it("say why no test was sent", async () => {
    serve(({ url }) => (url === "/api/notify/test" ? json({ detail: "NOTIFY_URLS is empty" }, 409) : undefined));
    show("alerts");
    fireEvent.click(screen.getByRole("button", { name: "Send a test to every target" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("NOTIFY_URLS is empty");
  });
});

describe("rules", () => {
  const RULE = { id: 7, name: "Squeeze", expression: "z > 2", normal: "z_score > 2", columns: [], created_ts: 0, problem: null };

  it("mark the first wrong character", async () => {
    serve(({ method }) => (method === "POST" ? json({ detail: "got '>' at character 5", parameter: "expression", position: 4 }, 400) : undefined));
    show("rules");
    fireEvent.change(await screen.findByLabelText("Name"), { target: { value: "x" } });
    fireEvent.change(screen.getByLabelText("Condition"), { target: { value: "z > > 2" } });
    fireEvent.click(screen.getByRole("button", { name: "Add the rule" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Got '>' at character 5");
    expect(document.querySelector("mark")).toHaveTextContent(">");
    expect(document.querySelector("[data-position]")).toHaveTextContent("z > > 2");
  });

  it("are deleted after a question, and link to their alerts", async () => {
    const calls = serve(({ url, method }) => {
      if (method === "DELETE") return new Response(null, { status: 204 });
      return url === "/api/rules" && method === "GET" ? json([RULE]) : undefined;
    });
    show("rules");
    fireEvent.click(await screen.findByRole("button", { name: "Delete" }));
    expect(calls.some(({ method }) => method === "DELETE")).toBe(false);
    fireEvent.click(screen.getByRole("button", { name: "Yes" }));
    await waitFor(() => expect(calls.some(({ url, method }) => method === "DELETE" && url === "/api/rules/7")).toBe(true));
    fireEvent.click(screen.getByRole("button", { name: "Its alerts: Squeeze" }));
    expect(window.location.search).toContain("view=alerts");
    expect(window.location.search).toContain("rule=7");
    fireEvent.click(screen.getByRole("button", { name: "Simulate: Squeeze" }));
    expect(window.location.search).toContain("view=simulate");
    expect(chosen(FORM)).toMatchObject({ entry: "rule", rule: "z > 2" });
    changeUrl({ view: null, kind: null, rule: null, part: null });
  });

  it("begin with the filter of the pairs", async () => {
    changeUrl({ filter: "funding < 0" });
    show("rules");
    expect(await screen.findByLabelText("Condition")).toHaveValue("funding < 0");
  });
});

describe("what this browser remembers", () => {
  it("is forgotten as a whole, and nobody else's", async () => {
    choose(PERSONAL, { z: 3 });
    sessionStorage.setItem("futuresboard.alerts", "{}");
    localStorage.setItem("other", "1");
    show("kept");
    expect(screen.getByRole("list", { name: "Remembered" })).toHaveTextContent("thresholds");
    await forgetAll();
    expect(Object.keys(localStorage)).toEqual(["other"]);
    expect(sessionStorage).toHaveLength(0);
  });
});
