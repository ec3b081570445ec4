import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { change, exact, price, signOf, usd } from "../../lib/format";
import { oiUsd } from "../../lib/rows";
import { DivergingBar } from "../../ui/bars";
import { Unknown } from "../../ui/Unknown";
import { shortSymbol } from "./pairs";
import type { Ranked } from "./ranking";

interface Props {
  title: string;
  /** Of the ranked value. */
  label: string;
  unit: string;
  format: (value: number) => string;
  /** Signed values carry a bar and a colour. */
  signed: boolean;
  rows: readonly Ranked[];
  /** What fills one side of the bar. */
  scale: number;
  onOpen: (pair: string) => void;
}

const TONE = { 1: "text-up", 0: "text-ink-strong", [-1]: "text-down" } as const;
const HEAD = "sticky top-0 z-[1] whitespace-nowrap border-b border-edge bg-panel px-2 py-1.5 text-right align-bottom text-xs font-semibold text-ink";
const CELL = "whitespace-nowrap border-b border-line/70 px-2 text-right";

function Head({ label, unit, className = "" }: { label: string; unit: string; className?: string }) {
  return (
    <th scope="col" className={`${HEAD} ${className}`}>
      {label}
      <span className="block text-[0.625rem] font-normal leading-3 text-ink-faint">{unit}</span>
    </th>
  );
}

function Figure({ value, format, tone = false }: { value: number | null | undefined; format: (value: number) => string; tone?: boolean }) {
  if (value === null || value === undefined) return <Unknown why="Not known" />;
  return (
    <span title={exact(value)} className={tone ? TONE[signOf(value)] : ""}>
      {format(value)}
    </span>
  );
}

function Row({ ranked: { view, value }, place, format, signed, scale, onOpen }: { ranked: Ranked; place: number } & Omit<Props, "rows" | "title" | "label" | "unit">) {
  const { row, key } = view;
  return (
    <tr className="h-8 text-cell hover:bg-raised">
      <td className={`${CELL} w-8 text-ink-faint`}>{place}</td>
      <th scope="row" className={`${CELL} sticky left-0 bg-panel text-left font-normal`}>
        <button type="button" onClick={() => onOpen(key)} className="flex w-full items-center gap-1.5 text-left hover:underline" title={`Open the chart of ${shortSymbol(row.symbol)} on ${exchangeName(row.exchange)}`}>
          <span className="font-semibold text-ink-strong">{shortSymbol(row.symbol)}</span>
          <span className="flex items-center gap-1 text-micro text-ink-soft">
            <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(row.exchange)}`} />
            {exchangeName(row.exchange)}
          </span>
        </button>
      </th>
      <td data-key={key} className={CELL}>
        <span className="flex items-center justify-end gap-2">
          {signed && <DivergingBar value={value} scale={scale} />}
          <span className="font-semibold">
            <Figure value={value} format={format} tone={signed} />
          </span>
        </span>
      </td>
      <td className={CELL}>
        <Figure value={row.live_price ?? row.close} format={price} />
      </td>
      <td className={CELL}>
        <Figure value={row.price_change_24h_pct} format={change} tone />
      </td>
      <td className={CELL}>
        <Figure value={oiUsd(row)} format={usd} />
      </td>
      <td className={CELL}>
        <Figure value={row.volume_24h_usd} format={usd} />
      </td>
    </tr>
  );
}

/** One side of a ranking. */
export function MoverList({ title, label, unit, rows, ...shared }: Props) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col xl:min-h-0">
      <h3 className="px-3 py-2 text-xs font-semibold text-ink-strong">{title}</h3>
      {rows.length === 0 ? (
        <p className="px-3 pb-3 text-xs text-ink-soft">No pair.</p>
      ) : (
        // Scrolls on a narrow screen, so the keyboard must reach it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div role="region" aria-label={`${title}, table`} tabIndex={0} className="relative overflow-x-auto focus-visible:-outline-offset-2 xl:min-h-0 xl:overflow-y-auto">
          <table className="w-full border-separate border-spacing-0">
            <thead>
              <tr>
                <Head label="#" unit="" className="w-8" />
                <Head label="Pair" unit="" className="left-0 z-[2] !text-left" />
                <Head label={label} unit={unit} />
                <Head label="Price" unit="USDT" />
                <Head label="Price Δ" unit="%, 24 h" />
                <Head label="OI" unit="USD" />
                <Head label="Volume" unit="USD, 24 h" />
              </tr>
            </thead>
            <tbody>
              {rows.map((ranked, i) => (
                <Row key={ranked.view.key} ranked={ranked} place={i + 1} {...shared} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
