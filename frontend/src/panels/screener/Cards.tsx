import type { Row } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useRef } from "react";

import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { change, funding, price, ratio, sigma, signOf, usd } from "../../lib/format";
import { isStale } from "../../lib/quality";
import type { RowView } from "../../lib/rows";
import { tierStyle } from "../../lib/tiers";
import { Age } from "../../ui/Age";
import { DivergingBar, SplitBar } from "../../ui/bars";
import { TierChip } from "../../ui/TierChip";
import { NumberCell } from "./cells";
import type { CellContext } from "./columns";

const CARD_HEIGHT = 116;

interface CardProps {
  view: RowView;
  context: CellContext;
  onOpen: (key: string) => void;
}

const Card = memo(function Card({ view, context: { catalog, refresh }, onOpen }: CardProps) {
  const { row, key } = view;
  const tiers = row.tiers ?? [];
  const style = tierStyle(row.tier);
  const common = { row, catalog, refresh };
  return (
    <button
      type="button"
      onClick={() => onOpen(key)}
      className={`relative flex h-full w-full flex-col justify-between overflow-hidden rounded-lg border border-line bg-panel p-3 pl-4 text-left ${
        isStale(row) ? "stale" : ""
      }`}
    >
      {tiers.length > 0 && <span aria-hidden="true" className={`absolute inset-y-0 left-0 w-1 ${style.bar}`} />}
      <span className="cell flex items-baseline gap-2">
        <span className="text-base font-semibold text-ink-strong">{row.symbol.split("/")[0]}</span>
        <span className="flex items-center gap-1 text-micro text-ink-soft">
          <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(row.exchange)}`} />
          {exchangeName(row.exchange)} · <Age view={view} />
        </span>
        <span className="flex gap-0.5">
          {tiers.map((tier) => (
            <TierChip key={tier} tier={tier} />
          ))}
        </span>
        <span className="ml-auto text-[0.9375rem] text-ink-strong">
          <NumberCell {...common} column="live_price" format={price} />
        </span>
      </span>
      <span className="cell grid grid-cols-4 gap-x-3 gap-y-1.5 text-cell">
        <Fact label="24 h %">
          <NumberCell {...common} column="price_change_24h_pct" format={change} tone={signOf} />
        </Fact>
        <Fact label="OI USD">
          <NumberCell {...common} column="live_oi_abs_usd" fallback="oi_abs_usd" format={usd} />
        </Fact>
        <Fact label="OI Δ %">
          <NumberCell {...common} column="oi_delta_pct" format={change} tone={signOf} />
        </Fact>
        <Fact label="Z σ">
          <NumberCell {...common} column="z_score" format={sigma} tone={signOf} className="font-semibold" />
        </Fact>
        <Fact label="LS">
          <NumberCell {...common} column="global_ls" format={ratio} before={(v) => <SplitBar ratio={v} className="w-5" />} />
        </Fact>
        <Fact label="Funding %">
          <NumberCell {...common} column="funding" format={funding} tone={(v) => signOf(v * 100, 4)} />
        </Fact>
        <Fact label="Imbal. %" wide>
          <NumberCell {...common} column="imbalance" format={change} tone={signOf} before={(v) => <DivergingBar value={v} scale={15} />} />
        </Fact>
      </span>
    </button>
  );
});

function Fact({ label, wide = false, children }: { label: string; wide?: boolean; children: React.ReactNode }) {
  return (
    <span className={`flex min-w-0 flex-col ${wide ? "col-span-2" : ""}`}>
      <span className="text-right text-[0.625rem] leading-3 text-ink-faint">{label}</span>
      <span className="flex justify-end">{children}</span>
    </span>
  );
}

interface Props {
  rows: Row<RowView>[];
  context: CellContext;
  onOpen: (key: string) => void;
}

/** The screener on a phone: one card a pair, only the visible ones in the document. */
export function Cards({ rows, context, onOpen }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_HEIGHT + 8,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 4,
  });
  return (
    <div ref={scroller} className="h-full overflow-auto px-3 pt-2">
      <ul aria-label="Pairs" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <li
              key={row.id}
              aria-posinset={item.index + 1}
              aria-setsize={rows.length}
              className="absolute inset-x-0"
              style={{ height: CARD_HEIGHT, transform: `translateY(${item.start}px)` }}
            >
              <Card view={row.original} context={context} onOpen={onOpen} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
