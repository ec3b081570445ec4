import type { MetricRow } from "../../api/types";
import { decimals, exact, price, sigma, signOf, usd, amount } from "../../lib/format";
import { explain } from "../../lib/quality";
import { exchangeName } from "../../lib/exchanges";
import { sourceWords } from "../../lib/feeds";
import { age, localTime, utcTime } from "../../lib/time";
import { Absent } from "./cells";
import { type Column, number, words } from "./column";

const BAR = "Newest closed bar";

const money = (id: "open" | "high" | "low" | "close", label: string, doc: string) =>
  number(BAR, id, { label, unit: "USDT", width: 96, doc, format: price });

const volume = (id: "volume" | "taker_buy" | "taker_sell" | "oi_contracts", label: string, width: number, doc: string) =>
  number(BAR, id, { label, unit: "coins", width, doc, format: amount });

/** A moment: local time in the cell, UTC in its tooltip. */
const moment = (id: "ts" | "live_ts", label: string, doc: string) =>
  words("Data", id, {
    label,
    unit: "local time",
    width: 104,
    doc,
    align: "right",
    cell: ({ row }, { catalog }) => {
      const at = row[id];
      return at === null ? <Absent note={explain(row, id, catalog)} /> : <span title={utcTime(at)}>{localTime(at, Date.now())}</span>;
    },
  });

const source = (id: "source" | "live_source", label: string, doc: string) =>
  words("Data", id, {
    label,
    unit: "how it came",
    width: 88,
    doc,
    cell: ({ row }, { catalog }) => {
      const how = row[id];
      return how == null ? <Absent note={explain(row, id, catalog)} /> : <span title={`${how} from ${exchangeName(row.exchange)}`}>{sourceWords(how)}</span>;
    },
  });

const refused = (row: MetricRow) => Object.entries(row.guarded ?? {}).map(([column, raw]) => `${column} ${typeof raw === "number" ? exact(raw) : String(raw)}`);

/** What a closed bar is stored as, and what is known about the row itself. */
export const RAW_COLUMNS: readonly Column[] = [
  money("open", "Open", "First price of the bar."),
  money("high", "High", "Highest price of the bar."),
  money("low", "Low", "Lowest price of the bar."),
  money("close", "Close", "Last price of the bar."),
  volume("volume", "Volume", 84, "Traded in the bar, in the base coin."),
  number(BAR, "quote_volume", { label: "Volume, USDT", unit: "USDT", width: 100, doc: "Traded value of the bar.", format: usd }),
  volume("taker_buy", "Taker buy", 84, "Bought by takers in the bar."),
  volume("taker_sell", "Taker sell", 84, "Sold by takers in the bar."),
  volume("oi_contracts", "OI, coins", 84, "Open interest at the close in the base coin, one side."),
  number(BAR, "oi_abs_usd", { label: "OI at close", unit: "USD", width: 88, doc: "Open interest at the close of the bar, in US dollars.", format: usd }),
  number(BAR, "z_raw", { label: "Z, unclipped", unit: "σ", width: 96, doc: "Z before it is clipped to ±10.", format: sigma, signed: (v) => signOf(v) }),
  number(BAR, "funding_interval_h", { label: "Interval", unit: "h", width: 66, doc: "Hours between two fundings.", format: (v) => decimals(v, 0) }),
  moment("ts", "Bar", "When the newest closed bar opened."),
  moment("live_ts", "Live at", "The exchange's own time of the live figures."),
  words("Data", "tier", {
    label: "Top tier",
    unit: "most severe",
    width: 88,
    doc: "The most severe of the tiers that hold.",
    align: "right",
    cell: ({ row }) => (row.tier === null ? <span className="sr-only">none</span> : <span>{row.tier}</span>),
  }),
  words("Data", "guarded", {
    label: "Refused",
    unit: "raw values",
    width: 140,
    doc: "Raw values that failed a guard; they feed nothing.",
    order: null,
    sortValue: ({ row }) => refused(row).length,
    descFirst: true,
    cell: ({ row }) => {
      const found = refused(row);
      if (found.length === 0) return <span className="sr-only">none</span>;
      return (
        <span title={found.join("\n")} className="hatched block truncate rounded-sm px-1 text-micro text-warn">
          {found.join(", ")}
        </span>
      );
    },
  }),
  source("source", "Bar by", "How the closed bar came: by websocket, by request, or mixed."),
  source("live_source", "Live by", "How the live figures came."),
  words("Data", "listed_ts", {
    label: "Listed",
    unit: "days ago",
    width: 84,
    doc: "How long the exchange has had this contract.",
    align: "right",
    cell: ({ row }, { catalog }) =>
      row.listed_ts == null ? (
        <Absent note={explain(row, "listed_ts", catalog)} />
      ) : (
        <span title={utcTime(row.listed_ts)}>{age((row.ts - row.listed_ts) / 1000)}</span>
      ),
  }),
];
