import type { ReactNode } from "react";

import type { Catalog, MetricRow } from "../../api/types";
import { useNow } from "../../hooks/useNow";
import { sourceWords } from "../../lib/feeds";
import { exact, signOf } from "../../lib/format";
import { type CellState, explain, inWords, marks } from "../../lib/quality";
import { provenance, type RefreshOf } from "../../lib/provenance";
import type { RowView } from "../../lib/rows";
import { severityRank, tierStyle } from "../../lib/tiers";
import { localTime, utcTime } from "../../lib/time";
import { FundingCountdown } from "../../ui/Age";
import { MarkChip } from "../../ui/MarkChip";
import { TierChip } from "../../ui/TierChip";
import { type Field, FIELD_GROUPS, INPUTS } from "./fields";

const TONE = { 1: "text-up", 0: "text-ink-strong", [-1]: "text-down" } as const;

/** Forms of an empty value that stand out. */
const EMPTY: Partial<Record<CellState, string>> = {
  guarded: "hatched rounded-sm px-1 text-warn",
  gap: "text-hole",
  warming: "italic text-ink-soft",
};

interface Context {
  row: MetricRow;
  catalog: Catalog | null;
  refresh: RefreshOf;
}

function Value({ row, field, catalog, refresh }: Context & { field: Field }) {
  const value = row[field.column];
  if (typeof value !== "number") {
    const note = explain(row, field.column, catalog);
    return <span className={`text-right text-micro ${EMPTY[note.state] ?? "text-ink-faint"}`}>{note.reason || "not known"}</span>;
  }
  const tone = field.signed ? TONE[signOf(value, 8)] : "text-ink-strong";
  return (
    <span className="whitespace-nowrap text-right" title={[exact(value), ...provenance(row, field.column, refresh)].join("\n")} data-column={field.column} data-value={value}>
      <span className={tone}>{field.format(value)}</span>{" "}
      <span className="inline-block w-11 text-left text-micro text-ink-faint">{field.unit}</span>
    </span>
  );
}

function Facts({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mb-3 break-inside-avoid rounded-md border border-line px-4 py-3">
      <h3 className="mb-1.5 text-micro font-medium uppercase tracking-wider text-ink-faint">{title}</h3>
      {children}
    </section>
  );
}

function FieldList({ fields, ...context }: Context & { fields: readonly Field[] }) {
  return (
    <dl className="text-xs">
      {fields.map((field) => (
        <div key={field.column + field.label} className="flex items-baseline justify-between gap-4 py-[3px]">
          <dt className="shrink-0 text-ink-soft">{field.label}</dt>
          <dd className="min-w-0">
            <Value {...context} field={field} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function TierList({ row }: { row: MetricRow }) {
  const tiers = [...(row.tiers ?? [])].sort((a, b) => severityRank(a) - severityRank(b));
  if (row.tiers === null) return <p className="text-xs text-ink-soft">Not known: an input of the tiers is missing.</p>;
  if (tiers.length === 0) return <p className="text-xs text-ink-soft">None holds on the newest closed bar.</p>;
  return (
    <ul className="space-y-1.5 text-xs">
      {tiers.map((tier) => (
        <li key={tier} className="flex items-baseline gap-2">
          <TierChip tier={tier} />
          <span>
            <span className="font-semibold text-ink-strong">{tierStyle(tier).name}</span>
            <span className="text-ink-soft">: {tierStyle(tier).short}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function QualityList({ row }: { row: MetricRow }) {
  const found = marks(row);
  if (found.length === 0) return <p className="text-xs text-ink-soft">No mark: complete, in time, within its guards.</p>;
  return (
    <ul className="space-y-1.5 text-xs text-ink">
      {found.map((mark) => (
        <li key={mark}>
          <MarkChip mark={mark} /> {inWords(mark)}
        </li>
      ))}
    </ul>
  );
}

/** Figures that are no number of a column, under the group they belong to. */
function Beside({ group, view }: { group: string; view: RowView }) {
  const { row } = view;
  if (group === "Now" && row.funding_next_ts !== null) {
    return (
      <p className="flex justify-between py-[3px] text-xs text-ink-soft">
        Next funding in <span className="pr-12 text-ink-strong"><FundingCountdown view={view} /></span>
      </p>
    );
  }
  if (group === "Open interest" && row.oi_price_quadrant !== null) {
    return (
      <p className="flex justify-between py-[3px] text-xs text-ink-soft">
        Price and OI, 1 h <span className="pr-12 text-ink-strong">{row.oi_price_quadrant.replaceAll("_", " ")}</span>
      </p>
    );
  }
  return null;
}

interface Props {
  view: RowView;
  catalog: Catalog | null;
  refresh: RefreshOf;
}

/** The newest closed bar digit for digit, what moves between closes, and what is to be known about both. */
export function InputsTab({ view, catalog, refresh }: Props) {
  const { row } = view;
  const now = useNow();
  const context: Context = { row, catalog, refresh };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard
    <div tabIndex={0} role="region" aria-label="Inputs" className="h-full overflow-y-auto p-3">
      <div className="gap-3 [column-width:22rem]">
        <Facts title="Exact inputs, closed bar">
          <p className="mb-1 text-micro text-ink-faint" title={utcTime(row.ts)}>
            Bar opened {localTime(row.ts, now)} ({utcTime(row.ts)}){row.source && `, by ${sourceWords(row.source)}`}
          </p>
          <FieldList {...context} fields={INPUTS} />
        </Facts>
        <Facts title="Tiers">
          <TierList row={row} />
        </Facts>
        <Facts title="Quality">
          <QualityList row={row} />
        </Facts>
        {FIELD_GROUPS.map((group) => (
          <Facts key={group.title} title={group.title}>
            <FieldList {...context} fields={group.fields} />
            <Beside group={group.title} view={view} />
          </Facts>
        ))}
      </div>
    </div>
  );
}
