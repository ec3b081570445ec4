import type { ReactNode } from "react";

const LINES = Array.from({ length: 18 }, (_, i) => i);
const BLOCKS = [112, 64, 52, 48, 60, 40, 64, 84, 72, 44, 48, 84];

/** What stands here until the first rows come. */
export function SkeletonRows() {
  return (
    <div role="status" aria-label="Loading the pairs" className="h-full overflow-hidden px-3 pt-3">
      {LINES.map((line) => (
        <div key={line} className="flex h-8 items-center gap-6 border-b border-line/60" style={{ opacity: 1 - line / 20 }}>
          {BLOCKS.map((width, i) => (
            <span key={`${line}-${i}`} className="skeleton h-2.5 shrink-0" style={{ width }} />
          ))}
        </div>
      ))}
    </div>
  );
}

/** No rows: why, and what to do about it. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div role="status" className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <svg viewBox="0 0 48 32" className="h-10 text-edge" aria-hidden="true">
        <path d="M2 24l9-10 7 5 8-14 6 9 5-6 9 8" fill="none" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round" />
        <path d="M2 30h44" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeDasharray="2 4" />
      </svg>
      <p className="text-sm font-semibold text-ink-strong">{title}</p>
      <div className="max-w-sm text-xs leading-5 text-ink-soft">{children}</div>
    </div>
  );
}
