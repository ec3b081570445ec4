import { describe, expect, it } from "vitest";

import { alertStyle, alertTag, ofSlot, SLOTS, slotOf } from "../src/lib/tiers";
import { makeAlert } from "./make";

describe("what an alert is called", () => {
  it.each([
    ["tier", 2, "T2", "Confluence"],
    ["confluence", null, "C", "Conditions agree"],
    ["rule", null, "R", "Your rule"],
  ] as const)("%s %s", (kind, tier, tag, name) => {
    const alert = makeAlert({ kind, tier });
    expect(alertTag(alert)).toBe(tag);
    expect(alertStyle(alert).name).toBe(name);
  });
});

describe("slots", () => {
  it("each is an alert's own, and back", () => {
    for (const slot of SLOTS) expect(slotOf(ofSlot(slot))).toBe(slot);
  });
});
