import { type KeyboardEvent, useMemo, useRef, useState } from "react";

import type { Correlations } from "../../api/types";
import { exchangeName, exchangeShort } from "../../lib/exchanges";
import { sigma as signed } from "../../lib/format";
import { Unknown } from "../../ui/Unknown";
import { flags, ground, type On, whyUnknown } from "./heat";
import { coinOf, shortSymbol } from "./pairs";

export type Cell = readonly [row: number, column: number];

interface Props {
  found: Correlations;
  on: On;
  chosen: Cell | null;
  onChoose: (cell: Cell) => void;
}

const STEPS: Record<string, Cell> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const clamp = (value: number, size: number) => Math.min(Math.max(value, 0), size - 1);

/** The next cell that is a button: the diagonal is none and is stepped over. */
function stepped([i, j]: Cell, [di, dj]: Cell, size: number): Cell {
  const next: Cell = [clamp(i + di, size), clamp(j + dj, size)];
  if (next[0] !== next[1]) return next;
  const beyond: Cell = [next[0] + di, next[1] + dj];
  return beyond.every((at) => at >= 0 && at < size) ? beyond : [i, j];
}

const HEAD = "whitespace-nowrap bg-panel px-1 text-micro font-medium text-ink";
const FIRST = "sticky left-0 z-[1] border-r border-line";

const nameOf = (symbol: string, exchange: string) => `${shortSymbol(symbol)} on ${exchangeName(exchange)}`;

interface SquareProps {
  value: number | null;
  names: string;
  at: Cell;
  on: On;
  flagged: boolean;
  chosen: boolean;
  tabbable: boolean;
  onFocus: (cell: Cell) => void;
  onChoose: (cell: Cell) => void;
}

function Square({ value, names, at, on, flagged, chosen, tabbable, onFocus, onChoose }: SquareProps) {
  const title = `${names}: ${value ?? whyUnknown(on)}${flagged ? "\nflagged: |r| > 0.6" : ""}`;
  return (
    <button
      type="button"
      data-at={at.join(",")}
      tabIndex={tabbable ? 0 : -1}
      onFocus={() => onFocus(at)}
      onClick={() => onChoose(at)}
      title={title}
      className={`block h-full w-full px-1 leading-6 text-ink-strong md:leading-7 hover:outline hover:outline-1 hover:-outline-offset-1 hover:outline-ink focus-visible:-outline-offset-2 ${
        flagged ? "font-semibold ring-1 ring-inset ring-ink-strong/70" : ""
      } ${chosen ? "outline outline-2 -outline-offset-2 outline-accent" : ""}`}
    >
      {value === null ? <Unknown why={whyUnknown(on)} /> : signed(value)}
      {flagged && <span className="sr-only"> flagged</span>}
    </button>
  );
}

const same = (a: Cell | null, i: number, j: number) => a !== null && a[0] === i && a[1] === j;

/** Pearson's r, coin by coin, in the order in which those that move together stand together. */
export function Heatmap({ found, on, chosen, onChoose }: Props) {
  const { symbols, exchanges, r } = found;
  const table = useRef<HTMLTableElement>(null);
  const [active, setActive] = useState<Cell>([0, 1]);
  const flagged = useMemo(() => flags(found), [found]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = stepped(active, step, symbols.length);
    setActive(next);
    table.current?.querySelector<HTMLElement>(`[data-at="${next.join(",")}"]`)?.focus();
  };


  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <table ref={table} onKeyDown={onKeyDown} className="border-separate border-spacing-0 text-right text-micro tabular-nums">
      <caption className="sr-only">Correlation of closes, coin by coin; the last row: open interest against the price of the same coin</caption>
      <thead>
        <tr>
          <th scope="col" className={`${HEAD} ${FIRST} top-0 z-[2] text-left`}>
            <span className="sr-only">Coin</span>
          </th>
          {symbols.map((symbol, j) => (
            <th key={symbol} scope="col" title={nameOf(symbol, exchanges[j] ?? "")} className={`${HEAD} sticky top-0 z-[1] h-7 min-w-[3.25rem] border-b border-line`}>
              {coinOf(symbol)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {symbols.map((symbol, i) => (
          <tr key={symbol}>
            <th scope="row" title={nameOf(symbol, exchanges[i] ?? "")} className={`${HEAD} ${FIRST} pr-2 text-left`}>
              {coinOf(symbol)} <span className="text-[0.5625rem] text-ink-faint">{exchangeShort(exchanges[i] ?? "")}</span>
            </th>
            {symbols.map((other, j) => {
              const value = r[i]?.[j] ?? null;
              return (
                <td
                  key={other}
                  className={`h-6 border-b md:h-7 border-r border-panel p-0 ${i === j ? "bg-raised pr-1" : ""}`}
                  style={i === j || value === null ? undefined : { backgroundColor: ground(value) }}
                >
                  {i === j ? (
                    <span className="text-ink-faint">{value === null ? "·" : "1"}</span>
                  ) : (
                    <Square
                      value={value}
                      names={`${coinOf(symbol)} × ${coinOf(other)}`}
                      at={[i, j]}
                      on={on}
                      flagged={flagged.has(`${i},${j}`)}
                      chosen={same(chosen, i, j)}
                      tabbable={same(active, i, j)}
                      onFocus={setActive}
                      onChoose={onChoose}
                    />
                  )}
                </td>
              );
            })}
          </tr>
        ))}
        <tr>
          <th scope="row" title="Open interest (coins) against the price, of the same listing" className={`${HEAD} ${FIRST} border-t border-t-edge pr-2 text-left`}>
            OI × price
          </th>
          {symbols.map((symbol) => {
            const value = found.oi_price[symbol] ?? null;
            return (
              <td
                key={symbol}
                title={value === null ? undefined : `Open interest × price of ${coinOf(symbol)}: ${value}`}
                className="h-7 border-r border-t border-r-panel border-t-edge px-1 text-ink-strong"
                style={value === null ? undefined : { backgroundColor: ground(value) }}
              >
                {value === null ? <Unknown why={whyUnknown(on)} /> : signed(value)}
              </td>
            );
          })}
        </tr>
      </tbody>
    </table>
  );
}
