import type { ReactNode } from "react";

import type { Health } from "../../api/types";
import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { decimals, funding, percent, ratio, signOf, usd, whole } from "../../lib/format";
import type { Kpis } from "../../lib/kpis";
import { Meter, SplitBar } from "../../ui/bars";
import { Card } from "../../ui/Card";
import { Sparkline } from "../../ui/Sparkline";

interface Props {
  kpis: Kpis;
  /** Total open interest since the page was opened. */
  oiTrail: readonly number[];
  health: Health | null;
  zThreshold: number;
}

interface TileProps {
  label: string;
  unit?: string;
  value: ReactNode;
  aside?: ReactNode;
  note: ReactNode;
  title: string;
}

function Tile({ label, unit, value, aside, note, title }: TileProps) {
  return (
    <Card
      title={title}
      className="flex h-[70px] min-w-fit flex-1 flex-col justify-between px-3 py-2 ring-line"
    >
      <p className="flex items-baseline gap-1.5 whitespace-nowrap text-micro font-medium text-ink-soft">
        {label}
        {unit && <span className="text-ink-faint">{unit}</span>}
      </p>
      <div className="flex items-center gap-2">
        <p className="whitespace-nowrap text-lg font-semibold leading-6 text-ink-strong">{value ?? "–"}</p>
        {aside}
      </div>
      <div className="flex h-3 items-center gap-1.5 whitespace-nowrap text-[0.625rem] leading-3 text-ink-faint">{note}</div>
    </Card>
  );
}

const UNKNOWN = "not known yet";

const toneOf = (sign: -1 | 0 | 1) => ({ 1: "text-up", 0: "text-ink-strong", [-1]: "text-down" })[sign];

function PairsNote({ kpis, health }: { kpis: Kpis; health: Health | null }) {
  return (
    <>
      {kpis.pairs.map(({ exchange, count }) => {
        const state = health?.exchanges?.[exchange]?.state;
        return (
          <span key={exchange} className="flex items-center gap-1" title={state ? `${exchangeName(exchange)}: ${state}` : undefined}>
            <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(exchange)}`} />
            {exchangeName(exchange)} <span className="text-ink">{whole(count)}</span>
          </span>
        );
      })}
    </>
  );
}

function LongShort({ kpis }: { kpis: Kpis }) {
  return (
    <Tile
      label="Long / short"
      unit="mean ratio"
      title="Mean of the global long/short ratios"
      value={kpis.meanLs === null ? null : ratio(kpis.meanLs)}
      aside={kpis.meanLs !== null && <SplitBar ratio={kpis.meanLs} className="w-20" />}
      note={kpis.longHeavy === null ? UNKNOWN : `${percent(kpis.longHeavy)} of pairs hold more longs`}
    />
  );
}

function Funding({ kpis: { funding8h, fundingPositive } }: { kpis: Kpis }) {
  const tone = funding8h === null ? "" : toneOf(signOf(funding8h * 100, 4));
  return (
    <Tile
      label="Funding"
      unit="mean, % per 8 h"
      title="Mean of the last settled rates, each brought to 8 hours"
      value={funding8h === null ? null : <span className={tone}>{funding(funding8h)}</span>}
      note={fundingPositive === null ? UNKNOWN : `longs pay on ${percent(fundingPositive)} of pairs`}
    />
  );
}

function Warm({ warm }: { warm: number | null }) {
  return (
    <Tile
      label="History"
      unit="loaded at start"
      title="Share of the start-up history that has been fetched: Z, RSI and CVD need it"
      value={warm === null ? null : percent(warm)}
      aside={warm !== null && warm < 1 && <span className="text-micro text-warn">warming up</span>}
      note={warm === null ? UNKNOWN : <Meter value={warm} label="History loaded" />}
    />
  );
}

function Breadth({ kpis, zThreshold }: { kpis: Kpis; zThreshold: number }) {
  return (
    <Tile
      label="Z breadth"
      unit={`|Z| > ${decimals(zThreshold, 1)}`}
      title="Pairs whose open interest moved far beyond their own habit on the newest bar"
      value={kpis.zKnown === 0 ? null : percent((kpis.zHigh + kpis.zLow) / kpis.zKnown, 1)}
      aside={
        kpis.zKnown > 0 && (
          <span className="flex gap-2 whitespace-nowrap text-xs font-semibold">
            <span className="text-up">▲ {whole(kpis.zHigh)}</span>
            <span className="text-down">▼ {whole(kpis.zLow)}</span>
          </span>
        )
      }
      note={kpis.zKnown === 0 ? UNKNOWN : `of ${whole(kpis.zKnown)} pairs with a known Z`}
    />
  );
}

const oiNote = (kpis: Kpis, trail: boolean) => {
  if (kpis.oiUsd === null) return UNKNOWN;
  return trail ? "since the page was opened" : "sum over the pairs shown";
};

/** The board in six figures. */
export function KpiStrip({ kpis, oiTrail, health, zThreshold }: Props) {
  const total = kpis.pairs.reduce((sum, { count }) => sum + count, 0);
  const trail = oiTrail.length > 2;
  return (
    <section
      aria-label="Overview"
      // Scrolls on a narrow screen, so the keyboard must reach it.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className="flex shrink-0 gap-2 overflow-x-auto px-3 py-2"
    >
      <Tile
        label="Open interest"
        unit="USD, live"
        title="Sum of the live open interest of the pairs shown, one side"
        value={kpis.oiUsd === null ? null : usd(kpis.oiUsd)}
        aside={trail && <Sparkline values={oiTrail} width={72} height={22} fill className="h-[22px] w-[72px] text-accent" />}
        note={oiNote(kpis, trail)}
      />
      <Tile
        label="Pairs"
        title="Pairs with a row, by exchange"
        value={total === 0 ? null : whole(total)}
        aside={total > 0 && <span className="whitespace-nowrap text-micro text-ink-soft">{whole(kpis.tiered)} with a tier</span>}
        note={total === 0 ? UNKNOWN : <PairsNote kpis={kpis} health={health} />}
      />
      <LongShort kpis={kpis} />
      <Breadth kpis={kpis} zThreshold={zThreshold} />
      <Funding kpis={kpis} />
      <Warm warm={health?.warm ?? null} />
    </section>
  );
}
