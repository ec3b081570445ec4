import type { ReactNode } from "react";

import { Moment } from "../../ui/Moment";

interface Props {
  title: string;
  /** What is shown, in a sentence or two. */
  about: ReactNode;
  /** The moment the figures are of; null before there are any. */
  asOf: number | null;
  controls?: ReactNode;
  /** The newest attempt to renew them failed: why. */
  error?: string | null;
  onRetry?: () => void;
  children: ReactNode;
}

function Trouble({ error, asOf, onRetry }: { error: string; asOf: number | null; onRetry: (() => void) | undefined }) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-warn/40 bg-warn/10 px-3 py-1.5 text-xs text-warn">
      <p>
        {error} {asOf === null ? "Nothing has been received yet." : "What is shown is the last that came."} It is asked again every ten seconds.
      </p>
      {onRetry && (
        <button type="button" onClick={onRetry} className="rounded border border-warn/50 px-2 py-0.5 hover:bg-warn/10">
          Ask now
        </button>
      )}
    </div>
  );
}

/** The frame of a market view: what it is, of when, and how to change it. */
export function Pane({ title, about, asOf, controls, error = null, onRetry, children }: Props) {
  return (
    <section aria-label={title} className="flex min-h-0 min-w-0 flex-1 flex-col overflow-hidden bg-panel md:rounded-lg md:border md:border-line">
      <header className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-3 py-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="flex flex-wrap items-baseline gap-x-3 text-sm font-semibold text-ink-strong">
            {title}
            <span className="text-micro font-normal text-ink-soft">{asOf === null ? "as of –" : <>as of <Moment ts={asOf} /></>}</span>
          </h2>
          <p className="text-micro leading-4 text-ink-soft">{about}</p>
        </div>
        {controls && <div className="flex min-w-0 flex-wrap items-center gap-2">{controls}</div>}
      </header>
      {error !== null && <Trouble error={error} asOf={asOf} onRetry={onRetry} />}
      <div className="min-h-0 flex-1">{children}</div>
    </section>
  );
}

const LINES = Array.from({ length: 14 }, (_, i) => i);
const BLOCKS = [72, 56, 56, 64, 48, 56, 64, 48];

/** What stands here until the first answer comes. */
export function Skeleton({ of }: { of: string }) {
  return (
    <div role="status" aria-label={`Loading ${of}`} className="h-full overflow-hidden px-3 pt-2">
      {LINES.map((line) => (
        <div key={line} className="flex h-8 items-center gap-8 border-b border-line/60" style={{ opacity: 1 - line / 16 }}>
          {BLOCKS.map((width, i) => (
            <span key={`${line}-${i}`} className="skeleton h-2.5 shrink-0" style={{ width }} />
          ))}
        </div>
      ))}
    </div>
  );
}

/** Nothing to show: why, and what to do about it. */
export function Nothing({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div role="status" className="flex h-full min-h-40 flex-col items-center justify-center gap-2 p-8 text-center">
      <p className="text-sm font-semibold text-ink-strong">{title}</p>
      <div className="max-w-sm text-xs leading-5 text-ink-soft">{children}</div>
    </div>
  );
}
