import { describe, expect, it } from "vitest";

import { type Asked, outdated, partOf } from "../src/sw/plan";

const ORIGIN = "http://board.example";
const SHELL = new Set(["/", "/assets/index-abc.js", "/theme.js"]);
const part = (path: string, over: Partial<Asked> = {}) =>
  partOf({ method: "GET", mode: "cors", url: new URL(path, ORIGIN).href, ...over }, ORIGIN, SHELL);

describe("the worker", () => {
  it("answers the page, at every address of its own, and its files", () => {
    expect(part("/", { mode: "navigate" })).toBe("page");
    expect(part("/?view=markets&q=%3Cscript%3E", { mode: "navigate" })).toBe("page");
    expect(part("/assets/index-abc.js")).toBe("file");
    expect(part("/theme.js")).toBe("file");
  });

  it("keeps out of everything that is the server's to say", () => {
    for (const path of ["/api/metrics?tf=5m", "/api", "/health", "/health/live", "/socket.io/?EIO=4", "/metrics", "/login"]) {
      expect(part(path)).toBe("none");
      expect(part(path, { mode: "navigate" })).toBe("none");
    }
  });

  it("keeps out of what it does not know, what changes something, and other hosts", () => {
    expect(part("/assets/other-abc.js")).toBe("none");
    expect(part("/", { method: "POST", mode: "navigate" })).toBe("none");
    expect(part("http://elsewhere.example/theme.js")).toBe("none");
    expect(part("/apical", { mode: "navigate" })).toBe("page");
  });

  it("removes caches of other versions of itself alone", () => {
    const names = ["futuresboard-shell-1", "futuresboard-shell-2", "somebody-else"];
    expect(outdated(names, "futuresboard-shell-2")).toEqual(["futuresboard-shell-1"]);
  });
});
