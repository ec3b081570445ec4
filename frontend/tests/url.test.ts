import { act, renderHook } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";

import { useUrl } from "../src/hooks/useUrl";
import { changeUrl, patched, urlParam } from "../src/lib/url";

describe("the address", () => {
  beforeEach(() => window.history.replaceState(null, "", "/"));

  it("takes out what is null or empty and leaves the rest", () => {
    expect(patched("?tf=5m&q=btc&x=1", { q: "", tf: "15m" })).toBe("?tf=15m&x=1");
    expect(patched("?q=btc", { q: null })).toBe("");
  });

  it.each(["binanceusdm|BTC/USDT:USDT", "a&b=c#d", "<img src=x onerror=alert(1)>", "é 漢"])("carries %s unharmed", (value) => {
    changeUrl({ pair: value });
    expect(urlParam("pair")).toBe(value);
  });

  it("replaces, or leaves a step to go back to", () => {
    const before = window.history.length;
    changeUrl({ q: "b" });
    changeUrl({ q: "bt" });
    expect(window.history.length).toBe(before);
    changeUrl({ view: "alerts" }, true);
    expect(window.history.length).toBe(before + 1);
    changeUrl({ view: "alerts" }, true);
    expect(window.history.length).toBe(before + 1);
  });

  it("reaches every component that asks, and the back button too", () => {
    const { result } = renderHook(() => useUrl("view"));
    act(() => changeUrl({ view: "ops" }));
    expect(result.current).toBe("ops");
    act(() => {
      window.history.replaceState(null, "", "/?view=alerts");
      window.dispatchEvent(new PopStateEvent("popstate"));
    });
    expect(result.current).toBe("alerts");
  });
});
