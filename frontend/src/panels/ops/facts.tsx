import { Card } from "@tremor/react";
import type { ReactNode } from "react";

/** A titled part of the page. */
export function Part({ title, aside, children, className = "" }: { title: string; aside?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section aria-label={title} className={`min-w-0 ${className}`}>
      <Card className="h-full bg-panel p-3 ring-line">
        <div className="mb-2 flex flex-wrap items-center gap-2">
          <h3 className="text-sm font-semibold text-ink-strong">{title}</h3>
          {aside}
        </div>
        {children}
      </Card>
    </section>
  );
}

export function Fact({ label, title, children }: { label: string; title?: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4 py-[3px]" title={title}>
      <dt className="shrink-0 text-ink-soft">{label}</dt>
      <dd className="min-w-0 text-right text-ink-strong">{children}</dd>
    </div>
  );
}

/** An older server does not know this key: that is not a zero. */
export const NotTold = () => <span className="text-ink-faint">not told by this server</span>;

/** A value in words; absent (never told) and null (not known yet) are told apart. */
export function told<T>(value: T | null | undefined, words: (value: T) => ReactNode, unknown = "not known yet"): ReactNode {
  if (value === undefined) return <NotTold />;
  if (value === null) return <span className="text-ink-faint">{unknown}</span>;
  return words(value);
}

export const Heading = ({ children }: { children: ReactNode }) => (
  <h4 className="mb-1 mt-3 border-t border-line pt-2 text-micro font-medium uppercase tracking-wider text-ink-faint">{children}</h4>
);
