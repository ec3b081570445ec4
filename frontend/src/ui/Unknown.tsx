/** A figure that is not known: never a zero, never blank, and why in its tooltip. */
export function Unknown({ why, sign = "?", word = "not known" }: { why: string; sign?: string; word?: string }) {
  return (
    <span title={why} className="cursor-help text-ink-faint">
      <span aria-hidden="true">{sign}</span>
      <span className="sr-only">{word}</span>
    </span>
  );
}
