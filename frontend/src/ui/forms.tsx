import type { ReactNode } from "react";

export const input = "h-8 rounded-md border border-edge bg-page px-2 text-xs text-ink-strong max-md:h-9";
export const button = "rounded-md border border-edge px-2.5 py-1.5 text-xs text-ink-strong hover:bg-raised disabled:opacity-60 disabled:hover:bg-transparent";
export const primary = "rounded-md border border-accent bg-accent px-3 py-1.5 text-xs font-semibold text-tremor-brand-inverted disabled:opacity-60";

/** One topic of the settings, with what it means. */
export function Block({ title, about, children }: { title: string; about: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-b border-line px-4 py-4 last:border-b-0">
      <h3 className="text-[0.8125rem] font-semibold text-ink-strong">{title}</h3>
      <p className="mb-3 mt-1 max-w-[46rem] text-xs leading-5 text-ink-soft">{about}</p>
      {children}
    </section>
  );
}

export function Fault({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="mt-1 text-xs text-down">
      {children}
    </p>
  );
}
