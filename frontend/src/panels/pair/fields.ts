import type { MetricRow } from "../../api/types";
import { change, coins, decimals, exact, funding, price, ratio, sigma, usd } from "../../lib/format";

export interface Field {
  column: keyof MetricRow;
  label: string;
  unit: string;
  format: (value: number) => string;
  signed?: boolean;
}

export interface FieldGroup {
  title: string;
  fields: Field[];
}

const field = (
  column: keyof MetricRow,
  label: string,
  unit: string,
  format: (value: number) => string,
  signed = false,
): Field => ({ column, label, unit, format, signed });

/** Everything a row knows, in the order of the table. */
export const FIELD_GROUPS: readonly FieldGroup[] = [
  {
    title: "Now",
    fields: [
      field("live_price", "Price", "USDT", price),
      field("price_change_24h_pct", "Price, 24 h", "%", change, true),
      field("live_oi_abs_usd", "Open interest", "USD", usd),
      field("volume_24h_usd", "Volume, 24 h", "USD", usd),
      field("market_cap_usd", "Market cap", "USD", usd),
      field("oi_mcap_pct", "OI / market cap", "%", (value) => decimals(value, value >= 1 ? 2 : 4)),
      field("funding_next", "Funding, predicted", "%", funding, true),
    ],
  },
  {
    title: "Signal, closed bar",
    fields: [
      field("z_score", "Z of OI change", "σ", sigma, true),
      field("z_raw", "Z, unclipped", "σ", sigma, true),
      field("confluence", "Confluence", "of 3", (value) => String(Math.round(value * 3))),
      field("rsi", "RSI 14", "0–100", (value) => decimals(value, 1)),
    ],
  },
  {
    title: "Open interest",
    fields: [
      field("oi_delta_pct", "Change, one bar", "%", change, true),
      field("oi_change_1h_pct", "Change, 1 h", "%", change, true),
      field("oi_change_4h_pct", "Change, 4 h", "%", change, true),
      field("oi_change_24h_pct", "Change, 24 h", "%", change, true),
    ],
  },
  {
    title: "Positioning and flow",
    fields: [
      field("global_ls", "LS global", "ratio", ratio),
      field("top_ls", "LS top traders", "ratio", ratio),
      field("ls_delta_pct", "LS change, one bar", "%", change, true),
      field("imbalance", "Taker imbalance", "%", change, true),
      field("cvd", "CVD since 00:00 UTC", "coins", coins, true),
      field("funding", "Funding, settled", "%", funding, true),
      field("funding_interval_h", "Funding interval", "h", exact),
    ],
  },
];

/** What the metrics were computed from, digit for digit. */
export const INPUTS: readonly Field[] = [
  field("open", "Open", "USDT", exact),
  field("high", "High", "USDT", exact),
  field("low", "Low", "USDT", exact),
  field("close", "Close", "USDT", exact),
  field("volume", "Volume", "coins", exact),
  field("quote_volume", "Quote volume", "USDT", exact),
  field("taker_buy", "Taker buy", "coins", exact),
  field("taker_sell", "Taker sell", "coins", exact),
  field("oi_contracts", "Open interest", "coins", exact),
  field("oi_abs_usd", "Open interest", "USD", exact),
];
