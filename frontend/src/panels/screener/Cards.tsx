import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useRef } from "react";

import { exchangeShort, exchangeTone } from "../../lib/exchanges";
import { change, decimals, funding, price, ratio, sigma, signOf, usd } from "../../lib/format";
import { isStale } from "../../lib/quality";
import type { RowView } from "../../lib/rows";
import { tierStyle } from "../../lib/tiers";
import { Age } from "../../ui/Age";
import { DivergingBar, SplitBar } from "../../ui/bars";
import { TierChip } from "../../ui/TierChip";
import { NumberCell } from "./cells";
import type { CellContext } from "./columns";
import { Star } from "./Star";
import { TipBox } from "./TipBox";
import { useTip } from "./useTip";

const CARD_HEIGHT = 116;

interface CardProps {
  view: RowView;
  context: CellContext;
  starred: boolean;
  /** A bar of the past has no live figures. */
  past: boolean;
  onOpen: (key: string) => void;
}

const Card = memo(function Card({ view, context: { catalog, refresh }, starred, past, onOpen }: CardProps) {
  const { row, key } = view;
  const tiers = row.tiers ?? [];
  const style = tierStyle(row.tier);
  const common = { row, catalog, refresh };
  return (
    <div className={`relative h-full overflow-hidden rounded-lg border border-line bg-panel ${isStale(row) ? "stale" : ""}`}>
      {tiers.length > 0 && <span aria-hidden="true" className={`absolute inset-y-0 left-0 w-1 ${style.bar}`} />}
      <button type="button" onClick={() => onOpen(key)} className="flex h-full w-full flex-col justify-between p-3 pl-4 text-left">
        <span className="cell flex w-full items-center gap-2 pr-8">
          <span className="truncate text-base font-semibold leading-5 text-ink-strong">{row.symbol.split("/")[0]}</span>
          <span className="flex shrink-0 items-center gap-1 text-micro text-ink-soft">
            <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(row.exchange)}`} />
            {exchangeShort(row.exchange)} {!past && <>· <Age view={view} /></>}
          </span>
          <span className="flex shrink-0 gap-0.5">
            {tiers.slice(0, 3).map((tier) => (
              <TierChip key={tier} tier={tier} />
            ))}
          </span>
          <span data-column={past ? "close" : "live_price"} className="ml-auto shrink-0 text-[0.9375rem] text-ink-strong">
            <NumberCell {...common} column={past ? "close" : "live_price"} format={price} />
          </span>
        </span>
        <span className="cell grid w-full grid-cols-4 gap-x-3 gap-y-1.5 text-cell">
          {past ? (
            <Fact label="RSI" column="rsi">
              <NumberCell {...common} column="rsi" format={(value) => decimals(value, 1)} />
            </Fact>
          ) : (
            <Fact label="24 h %" column="price_change_24h_pct">
              <NumberCell {...common} column="price_change_24h_pct" format={change} tone={signOf} />
            </Fact>
          )}
          <Fact label="OI USD" column="live_oi_abs_usd">
            <NumberCell {...common} column="live_oi_abs_usd" fallback="oi_abs_usd" format={usd} />
          </Fact>
          <Fact label="OI Δ %" column="oi_delta_pct">
            <NumberCell {...common} column="oi_delta_pct" format={change} tone={signOf} />
          </Fact>
          <Fact label="Z σ" column="z_score">
            <NumberCell {...common} column="z_score" format={sigma} tone={signOf} className="font-semibold" />
          </Fact>
          <Fact label="LS" column="global_ls">
            <NumberCell {...common} column="global_ls" format={ratio} before={(v) => <SplitBar ratio={v} className="w-5" />} />
          </Fact>
          <Fact label="Funding %" column="funding">
            <NumberCell {...common} column="funding" format={funding} tone={(v) => signOf(v * 100, 4)} />
          </Fact>
          <Fact label="Imbal. %" column="imbalance" wide>
            <NumberCell {...common} column="imbalance" format={change} tone={signOf} before={(v) => <DivergingBar value={v} scale={15} />} />
          </Fact>
        </span>
      </button>
      <Star pair={view} starred={starred} tabbable className="absolute right-1 top-1 h-9 w-9" />
    </div>
  );
});

function Fact({ label, column, wide = false, children }: { label: string; column: string; wide?: boolean; children: React.ReactNode }) {
  return (
    <span data-column={column} className={`flex min-w-0 flex-col ${wide ? "col-span-2" : ""}`}>
      <span className="text-right text-[0.625rem] leading-3 text-ink-faint">{label}</span>
      <span className="flex justify-end">{children}</span>
    </span>
  );
}

interface Props {
  rows: readonly RowView[];
  context: CellContext;
  starred: ReadonlySet<string>;
  past?: boolean;
  onOpen: (key: string) => void;
}

/** The screener on a phone: one card a pair, only the visible ones in the document. */
export function Cards({ rows, context, starred, past = false, onOpen }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_HEIGHT + 8,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 4,
  });
  const { tip } = useTip(scroller);
  return (
    <div ref={scroller} className="h-full overflow-auto px-3 pt-2">
      <ul aria-label="Pairs" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const view = rows[item.index];
          if (!view) return null;
          return (
            <li
              key={view.key}
              data-key={view.key}
              aria-posinset={item.index + 1}
              aria-setsize={rows.length}
              className="absolute inset-x-0"
              style={{ height: CARD_HEIGHT, transform: `translateY(${item.start}px)` }}
            >
              <Card view={view} context={context} starred={starred.has(view.key)} past={past} onOpen={onOpen} />
            </li>
          );
        })}
      </ul>
      {tip && <TipBox tip={tip} />}
    </div>
  );
}
