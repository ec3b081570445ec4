import { act, renderHook } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { useChoice } from "../src/hooks/useChoice";
import { type Choice, choose, chosen, oneOf, onChoice } from "../src/lib/stored";

const SIZE = oneOf("test.size", ["small", "large"] as const, "small");
const LIST: Choice<string[]> = {
  name: "test.list",
  fallback: [],
  read: (stored) => (Array.isArray(stored) && stored.every((item) => typeof item === "string") ? stored : null),
};

describe("a remembered choice", () => {
  beforeEach(() => localStorage.clear());

  it("holds its fallback until something is chosen, and then that", () => {
    expect(chosen(SIZE)).toBe("small");
    choose(SIZE, "large");
    expect(chosen(SIZE)).toBe("large");
    expect(localStorage.getItem("futuresboard.test.size")).toBe('"large"');
  });

  it.each(["", "{", '"huge"', "7", "null"])("falls back on %j", (text) => {
    localStorage.setItem("futuresboard.test.size", text);
    expect(chosen(SIZE)).toBe("small");
  });

  it("is the same object until it changes", () => {
    choose(LIST, ["a"]);
    expect(chosen(LIST)).toBe(chosen(LIST));
  });

  it("tells its listeners, here and from another tab, until they stop", () => {
    const heard = vi.fn();
    const stop = onChoice(SIZE.name, heard);
    choose(SIZE, "large");
    window.dispatchEvent(new StorageEvent("storage", { key: "futuresboard.test.size" }));
    window.dispatchEvent(new StorageEvent("storage", { key: "futuresboard.other" }));
    expect(heard).toHaveBeenCalledTimes(2);
    stop();
    choose(SIZE, "small");
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it("lasts as long as the page where storage is forbidden", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    choose(SIZE, "large");
    expect(chosen(SIZE)).toBe("large");
    vi.restoreAllMocks();
    choose(SIZE, "small");
    expect(chosen(SIZE)).toBe("small");
  });

  it("reaches a component, which changes it by its former value", () => {
    const { result } = renderHook(() => useChoice(LIST));
    act(() => result.current[1]((before) => [...before, "b"]));
    act(() => result.current[1]((before) => [...before, "c"]));
    expect(result.current[0]).toEqual(["b", "c"]);
  });
});
