import { afterEach, describe, expect, it, vi } from "vitest";

import { isDenied, logIn, setDenied } from "../src/api/access";
import { ApiError, call } from "../src/api/client";
import { retryAfterMs } from "../src/api/errors";
import { addressOf } from "../src/api/http";

interface Sent {
  address: string;
  init: RequestInit;
}

function answering(body: unknown, init: ResponseInit = {}): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", (address: string, given: RequestInit) => {
    sent.push({ address, init: given });
    return Promise.resolve(new Response(init.status === 204 ? null : JSON.stringify(body), init));
  });
  return sent;
}

const failing = async (run: Promise<unknown>): Promise<ApiError> => {
  const cause = await run.then(() => null, (error: unknown) => error);
  if (!(cause instanceof ApiError)) throw new Error("no ApiError");
  return cause;
};

const PROBLEM = { headers: { "content-type": "application/problem+json" } };

afterEach(() => {
  vi.unstubAllGlobals();
  setDenied(false);
});

describe("a request", () => {
  it("fills its path and leaves out what is not given, hostile text included", () => {
    expect(addressOf("/api/alerts/{number}", { path: { number: 7 } })).toBe("/api/alerts/7");
    const query = { tf: "5m", exchange: "", tier: undefined, limit: 0, symbol: "A&b=<i>/USDT:USDT" };
    expect(addressOf("/api/alerts", { query })).toBe("/api/alerts?tf=5m&limit=0&symbol=A%26b%3D%3Ci%3E%2FUSDT%3AUSDT");
  });

  it("sends a body as JSON and reads the answer", async () => {
    const sent = answering({ id: 3, name: "a" }, { status: 201 });
    const rule = await call("post", "/api/rules", { body: { name: "a", expression: "z_score > 2" } });
    expect(rule.id).toBe(3);
    expect(sent[0]?.init).toMatchObject({ method: "POST", body: '{"name":"a","expression":"z_score > 2"}' });
    expect(sent[0]?.init.headers).toMatchObject({ "content-type": "application/json" });
  });

  it("takes an answer without a body", async () => {
    answering(null, { status: 204 });
    await expect(call("delete", "/api/rules/{number}", { path: { number: 1 } })).resolves.toBeUndefined();
  });

  it("is held to the API's document by the compiler", () => {
    const never = () => [
      // @ts-expect-error there is no such path
      call("get", "/api/nope", {}),
      // @ts-expect-error the path has no such method
      call("delete", "/api/settings", {}),
      // @ts-expect-error the path has no such parameter
      call("get", "/api/corr", { query: { bottom: 3 } }),
      // @ts-expect-error the number is missing
      call("get", "/api/alerts/{number}", {}),
      // @ts-expect-error the body is missing
      call("put", "/api/settings", {}),
      // @ts-expect-error the answer has no such member
      call("get", "/api/corr", {}).then(({ nothing }) => void nothing),
    ];
    expect(never).toBeTypeOf("function");
  });
});

describe("an answer that is not what was asked for", () => {
  it("says what the problem document says, as a sentence, with the parameter", async () => {
    const problem = { type: "about:blank", title: "Bad Request", status: 400, detail: "tf: got '7m', allowed: 5m, 15m", parameter: "tf" };
    answering(problem, { status: 400, ...PROBLEM });
    const error = await failing(call("get", "/api/metrics", { query: { tf: "7m" } }));
    expect(error).toMatchObject({ message: "Tf: got '7m', allowed: 5m, 15m.", status: 400, parameter: "tf", retryAfterMs: 0 });
  });

  it("says how long the server wants to be left alone", async () => {
    const headers = { ...PROBLEM.headers, "retry-after": "5" };
    answering({ detail: "the database cannot be read now" }, { status: 503, headers });
    const error = await failing(call("get", "/api/settings", {}));
    expect(error).toMatchObject({ message: "The database cannot be read now. It asks for 5 s of rest.", retryAfterMs: 5000 });
  });

  it("has words of its own where a proxy answers", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("<html>", { status: 502, headers: { "content-type": "text/html" } })));
    expect((await failing(call("get", "/api/settings", {}))).message).toBe("A proxy answers in the server's place: the server does not.");
  });

  it("calls JSON that is none by its status", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("<", { status: 500, statusText: "Oops", headers: PROBLEM.headers })));
    expect((await failing(call("get", "/api/settings", {}))).message).toBe("The server answered 500 Oops");
  });

  it("tells silence from an abort", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await failing(call("get", "/api/settings", {}))).toMatchObject({ message: "The server does not answer.", status: 0 });
    vi.stubGlobal("fetch", () => Promise.reject(new DOMException("gone", "AbortError")));
    await expect(call("get", "/api/settings", {})).rejects.toThrow("gone");
  });

  it("reads Retry-After as seconds or a date, and nothing else", () => {
    const now = Date.UTC(2026, 10, 29, 12, 0, 0);
    expect(retryAfterMs("7", now)).toBe(7000);
    expect(retryAfterMs("Sun, 29 Nov 2026 12:01:00 GMT", now)).toBe(60_000);
    expect([retryAfterMs("soon", now), retryAfterMs(null, now), retryAfterMs("-3", now)]).toEqual([0, 0, 0]);
  });
});

describe("a login", () => {
  it("is wanted after a 401 and done with a right token", async () => {
    answering({ detail: "this needs the token" }, { status: 401, ...PROBLEM });
    await failing(call("get", "/api/settings", {}));
    expect(isDenied()).toBe(true);
    expect(await logIn("wrong")).toBe(false);
    expect(isDenied()).toBe(true);
    const sent = answering("page");
    expect(await logIn("a&b")).toBe(true);
    expect(isDenied()).toBe(false);
    expect((sent[0]?.init.body as URLSearchParams).toString()).toBe("token=a%26b");
  });
});
