import { useEvidence } from "../hooks/useEvidence";
import { CHIP_HORIZON, chipCell, chipText, tradeOf, verdictOf } from "../lib/evidence";
import type { Alert } from "../api/types";

/** What alerts like this one were worth so far, in one line; the sentence as its tooltip. */
export function EvidenceChip({ alert, className = "" }: { alert: Alert; className?: string }) {
  const cell = chipCell(useEvidence(), alert);
  if (!cell) return <span className={`text-micro text-ink-faint ${className}`}>no evidence yet</span>;
  const { sign, tone } = verdictOf(cell.verdict);
  const what = `${tradeOf(alert)}, held ${CHIP_HORIZON} bars, ${cell.source === "live" ? "live alerts" : "from history"}`;
  return (
    <span title={`${cell.words}\n(${what})`} className={`text-micro ${tone} ${className}`}>
      <span aria-hidden="true">{sign} </span>
      {chipText(cell)}
    </span>
  );
}
