import { type ReactNode, useEffect, useRef } from "react";

import type { Catalog, MetricRow } from "../../api/types";
import { exchangeName } from "../../lib/exchanges";
import { sourceWords } from "../../lib/feeds";
import { change, exact, price, signOf } from "../../lib/format";
import { type CellState, explain, inWords, isStale, marks } from "../../lib/quality";
import type { RowView } from "../../lib/rows";
import { severityRank, tierStyle } from "../../lib/tiers";
import { utcTime } from "../../lib/time";
import { Age, FundingCountdown } from "../../ui/Age";
import { Icon } from "../../ui/Icon";
import { MarkChip } from "../../ui/MarkChip";
import { TierChip } from "../../ui/TierChip";
import { type Field, FIELD_GROUPS, INPUTS } from "./fields";
import { Trails } from "./Trails";

const TONE = { 1: "text-up", 0: "text-ink-strong", [-1]: "text-down" } as const;

/** Forms of an empty value that stand out. */
const EMPTY: Partial<Record<CellState, string>> = {
  guarded: "hatched rounded-sm px-1 text-warn",
  gap: "text-hole",
  warming: "italic text-ink-soft",
};

interface RowProps {
  row: MetricRow;
  field: Field;
  catalog: Catalog | null;
}

function Value({ row, field, catalog }: RowProps) {
  const value = row[field.column];
  if (typeof value !== "number") {
    const note = explain(row, field.column, catalog);
    return (
      <span className={`text-right text-micro ${EMPTY[note.state] ?? "text-ink-faint"}`}>
        {note.reason || "not known"}
      </span>
    );
  }
  const text = field.format(value);
  const tone = field.signed ? TONE[signOf(value, 8)] : "text-ink-strong";
  return (
    <span className="whitespace-nowrap text-right" title={exact(value)}>
      <span className={tone}>{text}</span> <span className="inline-block w-11 text-left text-micro text-ink-faint">{field.unit}</span>
    </span>
  );
}

function Facts({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="border-t border-line px-4 py-3">
      <h3 className="mb-1.5 text-micro font-medium uppercase tracking-wider text-ink-faint">{title}</h3>
      {children}
    </section>
  );
}

function FieldList({ row, fields, catalog }: { row: MetricRow; fields: readonly Field[]; catalog: Catalog | null }) {
  return (
    <dl className="text-xs">
      {fields.map((field) => (
        <div key={field.column} className="flex items-baseline justify-between gap-4 py-[3px]">
          <dt className="shrink-0 text-ink-soft">{field.label}</dt>
          <dd className="min-w-0">
            <Value row={row} field={field} catalog={catalog} />
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

function Heading({ view, onClose }: { view: RowView; onClose: () => void }) {
  const { row } = view;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus({ preventScroll: true }), []);
  const day = row.price_change_24h_pct;
  return (
    <div className="sticky top-0 z-10 border-b border-line bg-panel px-4 pb-3 pt-3">
      <div className="flex items-center gap-2">
        <h2 id="drawer-title" className="text-base font-semibold text-ink-strong">
          {row.symbol.split(":")[0]}
        </h2>
        <span className="text-xs text-ink-soft">
          {exchangeName(row.exchange)} · {row.timeframe}
        </span>
        {isStale(row) && <span className="rounded border border-warn/40 px-1 text-micro text-warn">stale</span>}
        <button
          ref={close}
          type="button"
          aria-label="Close the details"
          onClick={onClose}
          className="ml-auto rounded-md border border-edge p-1.5 text-ink-soft hover:bg-raised hover:text-ink-strong"
        >
          <Icon name="close" className="h-3.5 w-3.5" />
        </button>
      </div>
      <p className="mt-1 flex items-baseline gap-3">
        <span className="text-2xl font-semibold text-ink-strong">{row.live_price === null ? "–" : price(row.live_price)}</span>
        {day !== null && <span className={`text-sm ${TONE[signOf(day)]}`}>{change(day)} % in 24 h</span>}
        <span className="ml-auto text-micro text-ink-faint">
          heard <Age view={view} /> ago{row.live_source && `, by ${sourceWords(row.live_source)}`}
        </span>
      </p>
    </div>
  );
}

interface Props {
  view: RowView;
  catalog: Catalog | null;
  onClose: () => void;
}

/** Everything about one pair. It stands beside the table, which stays usable. */
export default function Drawer({ view, catalog, onClose }: Props) {
  const { row } = view;
  const quality = marks(row);
  return (
    <div
      role="dialog"
      aria-labelledby="drawer-title"
      className="drawer-in absolute inset-y-0 right-0 z-40 w-[420px] overflow-y-auto border-l border-edge bg-panel shadow-pop max-md:fixed max-md:inset-0 max-md:w-full"
    >
      <Heading view={view} onClose={onClose} />
      <Trails row={row} />
      <Facts title="Tiers">
        <TierList row={row} />
      </Facts>
      {FIELD_GROUPS.map((group) => (
        <Facts key={group.title} title={group.title}>
          <FieldList row={row} fields={group.fields} catalog={catalog} />
          {group.title === "Now" && row.funding_next_ts !== null && (
            <p className="flex justify-between py-[3px] text-xs text-ink-soft">
              Next funding in <span className="pr-12 text-ink-strong"><FundingCountdown view={view} /></span>
            </p>
          )}
          {group.title === "Open interest" && row.oi_price_quadrant !== null && (
            <p className="flex justify-between py-[3px] text-xs text-ink-soft">
              Price and OI, 1 h <span className="pr-12 text-ink-strong">{row.oi_price_quadrant.replaceAll("_", " ")}</span>
            </p>
          )}
        </Facts>
      ))}
      <Facts title="Exact inputs, closed bar">
        <p className="mb-1 text-micro text-ink-faint">
          Bar opened {utcTime(row.ts)}
          {row.source && `, by ${sourceWords(row.source)}`}
        </p>
        <FieldList row={row} fields={INPUTS} catalog={catalog} />
      </Facts>
      <Facts title="Quality">
        {quality.length === 0 ? (
          <p className="text-xs text-ink-soft">No mark: complete, in time, within its guards.</p>
        ) : (
          <ul className="space-y-1.5 text-xs text-ink">
            {quality.map((mark) => (
              <li key={mark}>
                <MarkChip mark={mark} /> {inWords(mark)}
              </li>
            ))}
          </ul>
        )}
      </Facts>
    </div>
  );
}
