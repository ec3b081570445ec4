import { describe, expect, it } from "vitest";

import { type Channel, Leader } from "../src/lib/leader";

/** Tabs on one channel; messages are delivered one by one, in an order a test chooses. */
class Air {
  readonly queue: { to: Channel; data: unknown }[] = [];
  private readonly ends: Channel[] = [];

  join(): Channel {
    const end: Channel = {
      onmessage: null,
      postMessage: (data) => {
        for (const other of this.ends) if (other !== end) this.queue.push({ to: other, data });
      },
      close: () => void this.ends.splice(this.ends.indexOf(end), 1),
    };
    this.ends.push(end);
    return end;
  }

  settle(pick: (length: number) => number = () => 0): void {
    for (let round = 0; this.queue.length > 0; round += 1) {
      if (round > 1000) throw new Error("they never agree");
      const [next] = this.queue.splice(pick(this.queue.length), 1);
      next?.to.onmessage?.({ data: next.data });
    }
  }
}

const leading = (tabs: Leader[]) => tabs.map(({ leads }) => leads);

describe("Leader", () => {
  it("leads alone, without a channel too", () => expect(new Leader("a", 0, null).leads).toBe(true));

  it("is the tab looked at last, whoever came first", () => {
    const air = new Air();
    const a = new Leader("a", 10, air.join());
    const b = new Leader("b", 20, air.join());
    const c = new Leader("c", 0, air.join());
    air.settle();
    expect(leading([a, b, c])).toEqual([false, true, false]);
    a.claim(30);
    air.settle();
    expect(leading([a, b, c])).toEqual([true, false, false]);
  });

  it("is one of two that claim at once, in any order of messages", () => {
    for (const pick of [() => 0, (length: number) => length - 1, (length: number) => Math.floor(length / 2)]) {
      const air = new Air();
      const tabs = ["a", "b", "c"].map((tab) => new Leader(tab, 0, air.join()));
      for (const tab of tabs) tab.claim(50);
      air.settle(pick);
      expect(leading(tabs)).toEqual([false, false, true]);
    }
  });

  it("is another when it leaves, and nobody moves when another leaves", () => {
    const air = new Air();
    const [a, b, c] = [10, 30, 20].map((at, i) => new Leader("abc"[i] ?? "", at, air.join()));
    if (!a || !b || !c) throw new Error("three tabs");
    air.settle();
    b.leave();
    air.settle();
    expect(leading([a, c])).toEqual([false, true]);
    a.leave();
    air.settle();
    expect(c.leads).toBe(true);
  });

  it("hears nothing in what is no claim", () => {
    const air = new Air();
    const a = new Leader("a", 10, air.join());
    air.join().postMessage({ at: "99", tab: "x" });
    air.join().postMessage(null);
    air.settle();
    expect(a.leads).toBe(true);
  });
});
