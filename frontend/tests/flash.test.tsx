import { render } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";

import { useFlash } from "../src/hooks/useFlash";

function Figure({ value }: { value: number }) {
  const ref = useFlash<HTMLSpanElement>(String(value), value);
  return <span ref={ref}>{value}</span>;
}

const Figures = ({ count, value }: { count: number; value: number }) => (
  <>
    {Array.from({ length: count }, (_, i) => (
      <Figure key={i} value={value} />
    ))}
  </>
);

async function flashes(count: number): Promise<number> {
  const animate = vi.fn();
  Object.defineProperty(HTMLElement.prototype, "animate", { configurable: true, value: animate });
  const { rerender } = render(<Figures count={count} value={1} />);
  rerender(<Figures count={count} value={2} />);
  await Promise.resolve();
  return animate.mock.calls.length;
}

afterEach(() => {
  Reflect.deleteProperty(HTMLElement.prototype, "animate");
});

describe("a flash", () => {
  it("marks what has changed", async () => {
    expect(await flashes(3)).toBe(3);
  });

  it("is left out where everything changes at once", async () => {
    expect(await flashes(200)).toBe(0);
  });
});
