import { decimals, whole } from "../../lib/format";

const STEPS = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
] as const;

/** Bytes in a unit of thousands: 12.3 MB. */
export function bytes(count: number): string {
  const step = STEPS.find(([size]) => count >= size);
  return step ? `${decimals(count / step[0], 1)} ${step[1]}` : `${whole(count)} B`;
}

/** Short times: 96 ms · 0.64 s. */
export const took = (seconds: number) => (seconds < 0.1 ? `${whole(seconds * 1000)} ms` : `${decimals(seconds, 2)} s`);
