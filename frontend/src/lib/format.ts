/**
 * Numbers as a trader reads them, in the reader's own locale. The sign is always written where it
 * has a meaning; a value that is not known never becomes a number (callers show why instead).
 */
const MINUS = "\u2212";

type Options = Intl.NumberFormatOptions;

const cache = new Map<string, Intl.NumberFormat>();

function formatter(options: Options): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let found = cache.get(key);
  if (!found) {
    found = new Intl.NumberFormat(undefined, options);
    cache.set(key, found);
  }
  return found;
}

const render = (value: number, options: Options) => formatter(options).format(value).replace("-", MINUS);

const fixed = (digits: number): Options => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });

const SIGNED = { signDisplay: "exceptZero" } as const;

const SUBSCRIPTS = [..."₀₁₂₃₄₅₆₇₈₉"];

/** More zeros behind the point than anybody counts, as their number: 0.0000000035655 is 0.0₈35655. */
const counted = (text: string) =>
  text.replace(/(?<=^\D?0\D)0{6,}(?=[1-9])/, (zeros) => `0${[...String(zeros.length)].map((digit) => SUBSCRIPTS[Number(digit)]).join("")}`);

/** Five significant digits, so that neighbours keep one width: 67,234 · 3,512.4 · 0.012345. */
export const price = (value: number) =>
  counted(render(value, { minimumSignificantDigits: 5, maximumSignificantDigits: Math.abs(value) >= 1e5 ? 6 : 5 }));

/** US dollars in four significant digits: 1.234B · 412.3M. The unit stands in the header. */
export const usd = (value: number) => amount(value);

/** A signed amount of coins: +12.34K. */
export const coins = (value: number) => {
  if (Math.abs(value) < 1000) return render(value, { ...SIGNED, maximumSignificantDigits: 4 });
  return render(value, { ...SIGNED, notation: "compact", minimumSignificantDigits: 4, maximumSignificantDigits: 4 });
};

/** An amount of coins that has no sign: 12.34K. */
export const amount = (value: number) => {
  if (Math.abs(value) < 1000) return render(value, { maximumSignificantDigits: 4 });
  return render(value, { notation: "compact", minimumSignificantDigits: 4, maximumSignificantDigits: 4 });
};

/** A signed change in percent, the unit in the header: +1.23 · −145.6. */
export const change = (value: number) => render(value, { ...SIGNED, ...fixed(Math.abs(value) >= 100 ? 1 : 2) });

/** A funding fraction as signed percent: 0.0001 → +0.0100. */
export const funding = (fraction: number) => render(fraction * 100, { ...SIGNED, ...fixed(4) });

export const ratio = (value: number) => render(value, fixed(value >= 100 ? 1 : 2));

export const sigma = (value: number) => render(value, { ...SIGNED, ...fixed(2) });

export const decimals = (value: number, digits: number) => render(value, fixed(digits));

export const whole = (value: number) => render(value, { maximumFractionDigits: 0 });

export const percent = (fraction: number, digits = 0) =>
  render(fraction, { style: "percent", ...fixed(digits) });

/** All digits the server sent, for tooltips and exact inputs. */
export const exact = (value: number) => render(value, { maximumSignificantDigits: 17 });

/** `-1`, `0`, `1`: what the sign on the screen says, so that colour follows the text. */
export function signOf(value: number, digits = 2): -1 | 0 | 1 {
  const shown = Number(value.toFixed(digits));
  if (shown > 0) return 1;
  return shown < 0 ? -1 : 0;
}
