import type { HTMLAttributes } from "react";

/** Tremor's Card as plain classes: the component itself would bring 8 kB into the first load. The padding is the caller's. */
export function Card({ className = "", ...rest }: HTMLAttributes<HTMLDivElement>) {
  return (
    <div
      {...rest}
      className={`relative w-full rounded-tremor-default bg-tremor-background text-left shadow-tremor-card ring-1 ${className}`}
    />
  );
}
