import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";

import { TrailKeeper, useTrail } from "../src/hooks/useTrail";

function Figure({ value, scope }: { value: number | null; scope: string }) {
  return <output>{useTrail("figure", value, scope).join(" ")}</output>;
}

const shown = () => screen.getByRole("status").textContent;

it("goes on where it was when its view is shown again, and begins anew for another scope", () => {
  const page = (inner: JSX.Element | null) => <TrailKeeper>{inner}</TrailKeeper>;
  const { rerender } = render(page(<Figure value={1} scope="5m" />));
  for (const value of [2, null, 2, 3]) rerender(page(<Figure value={value} scope="5m" />));
  expect(shown()).toBe("1 2 3");
  rerender(page(null));
  rerender(page(<Figure value={4} scope="5m" />));
  expect(shown()).toBe("1 2 3 4");
  rerender(page(null));
  rerender(page(<Figure value={5} scope="15m" />));
  expect(shown()).toBe("5");
});
