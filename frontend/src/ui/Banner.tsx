import type { ReactNode } from "react";

const TONES = {
  warn: "border-warn/40 bg-warn/10 text-warn",
  bad: "border-down/40 bg-down/10 text-down",
  quiet: "border-line bg-panel text-ink-soft",
} as const;

/** A problem in one sentence, with what happens next (`quiet`: mere news). Spoken when it appears. */
export function Banner({ tone, children }: { tone: keyof typeof TONES; children: ReactNode }) {
  return (
    <div role={tone === "quiet" ? "status" : "alert"} className={`flex items-center gap-2 border-b px-4 py-1.5 text-xs ${TONES[tone]}`}>
      <svg viewBox="0 0 16 16" className="h-3.5 w-3.5 shrink-0" aria-hidden="true">
        <path d="M8 1.5 15 14H1z" fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinejoin="round" />
        <path d="M8 6v3.6M8 11.6v.6" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" />
      </svg>
      <div>{children}</div>
    </div>
  );
}
