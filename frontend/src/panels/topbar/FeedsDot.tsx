import type { Tone } from "../../lib/feeds";

const DOTS: Record<Tone, string> = { good: "bg-up", quiet: "bg-ink-faint", warn: "bg-warn", bad: "bg-down" };
const WORDS: Record<Tone, string> = {
  good: "Exchanges: all is well",
  quiet: "Exchanges: starting",
  warn: "Exchanges: one is not quite well",
  bad: "Exchanges: one does not deliver",
};

export const feedsLabel = (tone: Tone | null) => (tone === null ? "Exchanges" : WORDS[tone]);

/** The worst state of all exchanges as a dot; the words are in the button's label. */
export function FeedsDot({ tone, className }: { tone: Tone | null; className: string }) {
  if (tone === null) return null;
  return <span aria-hidden="true" className={`h-2 w-2 rounded-full ring-2 ring-panel ${DOTS[tone]} ${className}`} />;
}
