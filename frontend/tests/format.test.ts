import { describe, expect, it } from "vitest";

import { change, coins, decimals, exact, funding, price, ratio, sigma, signOf, usd } from "../src/lib/format";
import { age, countdown } from "../src/lib/time";

describe("numbers", () => {
  it("writes prices in five significant digits, large and tiny", () => {
    expect(price(67_234.56)).toBe("67,235");
    expect(price(3512.4)).toBe("3,512.4");
    expect(price(0.0000123456)).toBe("0.000012346");
    expect(price(1.5)).toBe("1.5000");
    expect(price(0.0000035655)).toBe("0.0000035655");
    expect(price(0.0000000035655)).toBe("0.0₈35655");
    expect(price(-0.000000000000012)).toBe("\u22120.0₁₃12000");
  });

  it("keeps the digits of a price above one hundred thousand", () => {
    expect(price(123_456.7)).toBe("123,457");
  });

  it("writes dollars compactly in four significant digits", () => {
    expect(usd(1_234_567_890)).toBe("1.235B");
    expect(usd(412_300_000)).toBe("412.3M");
    expect(usd(12.5)).toBe("12.5");
    expect(usd(0)).toBe("0");
  });

  it("always writes the sign, with a real minus, and none for zero", () => {
    expect(change(1.234)).toBe("+1.23");
    expect(change(-1.234)).toBe("−1.23");
    expect(change(0)).toBe("0.00");
    expect(change(-0.001)).toBe("0.00");
    expect(change(-145.64)).toBe("−145.6");
    expect(sigma(10)).toBe("+10.00");
    expect(coins(-26_640)).toBe("−26.64K");
    expect(coins(12.5)).toBe("+12.5");
  });

  it("turns a funding fraction into percent", () => {
    expect(funding(0.0001)).toBe("+0.0100");
    expect(funding(-0.00025)).toBe("−0.0250");
  });

  it("writes ratios and fixed decimals", () => {
    expect(ratio(1.4142)).toBe("1.41");
    expect(ratio(123.45)).toBe("123.5");
    expect(decimals(54.76, 1)).toBe("54.8");
  });

  it("loses no digit in an exact value", () => {
    expect(exact(0.1234567890123)).toBe("0.1234567890123");
  });

  it("colours by the sign that is shown, not by what rounding hid", () => {
    expect(signOf(0.001)).toBe(0);
    expect(signOf(-0.004)).toBe(0);
    expect(signOf(-0.006)).toBe(-1);
    expect(signOf(0.5)).toBe(1);
  });
});

describe("times", () => {
  it("writes ages in their two largest units", () => {
    expect(age(4.9)).toBe("4 s");
    expect(age(125)).toBe("2 m 05 s");
    expect(age(3 * 3600 + 12 * 60)).toBe("3 h 12 m");
    expect(age(86_400 * 2 + 3600 * 4)).toBe("2 d 4 h");
    expect(age(-3)).toBe("0 s");
  });

  it("counts down to due", () => {
    expect(countdown(3 * 3_600_000 + 12 * 60_000 + 5000)).toBe("3:12:05");
    expect(countdown(725_000)).toBe("12:05");
    expect(countdown(0)).toBe("due");
  });
});
