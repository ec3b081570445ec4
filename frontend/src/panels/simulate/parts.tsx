import type { ReactNode } from "react";

import type { Run } from "../../api/types";
import type { Figure } from "../../lib/simulation/compare";
import { Card } from "../../ui/Card";

/** A topic of a result. */
export function Box({ title, about, children, className = "" }: { title: string; about?: string; children: ReactNode; className?: string }) {
  return (
    <section aria-label={title} className={className}>
      <Card className="h-full p-3 ring-line">
        <h3 className="text-xs font-semibold text-ink-strong">{title}</h3>
        {about !== undefined && <p className="mb-2 mt-0.5 text-micro leading-4 text-ink-soft">{about}</p>}
        {children}
      </Card>
    </section>
  );
}

/** Figures of a run with their names. */
export function Facts({ run, figures }: { run: Run; figures: readonly Figure[] }) {
  return (
    <dl className="mt-1 divide-y divide-line/60">
      {figures.map((figure) => (
        <div key={figure.label} title={figure.doc} className="flex items-baseline justify-between gap-3 py-1">
          <dt className="text-micro text-ink-soft">{figure.label}</dt>
          <dd className="text-right text-xs text-ink-strong [overflow-wrap:anywhere]">{figure.of(run)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Data that no market made. */
export function KindBadge({ kind }: { kind: Run["data"]["kind"] }) {
  if (kind !== "simulated") return null;
  return (
    <span title="The bars come from simulated exchanges: no market made them" className="rounded border border-warn/50 px-1 text-micro font-semibold text-warn">
      SIMULATED
    </span>
  );
}
