import { whole } from "../../lib/format";

interface Props {
  shown: number;
  total: number;
  unknown: number;
  /** What the reader's condition names. */
  columns: readonly string[] | null;
}

/** How many pairs are shown, and how many are left out only because it is not known whether they fit. */
export function Count({ shown, total, unknown, columns }: Props) {
  if (total === 0) return <p aria-live="polite" />;
  const named = columns === null ? "what the filter asks" : columns.join(", ");
  return (
    <p aria-live="polite" className="whitespace-nowrap text-micro text-ink-soft">
      <span className="font-semibold text-ink-strong">{whole(shown)}</span> of {whole(total)}
      {unknown > 0 && (
        <span title={`Unknown never matches. Of these pairs something is not known: ${named}`} className="cursor-help text-warn">
          {` · ${whole(unknown)} unknown`}
        </span>
      )}
    </p>
  );
}
