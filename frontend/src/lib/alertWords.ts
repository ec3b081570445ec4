import type { Alert } from "../api/types";
import { exchangeName } from "./exchanges";

/** Where an alert happened: Binance · 5m. */
export const placeOf = (alert: Pick<Alert, "exchange" | "timeframe">) =>
  `${exchangeName(alert.exchange)} · ${alert.timeframe}`;

/** The sentence without the place it begins with, for where that stands beside it. */
export function sentenceOf(alert: Pick<Alert, "text" | "base">): string {
  const cut = alert.text.startsWith(`${alert.base} on `) ? alert.text.indexOf(": ") : -1;
  if (cut === -1) return alert.text;
  const rest = alert.text.slice(cut + 2);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

export const directionSign = (direction: Alert["direction"]): string =>
  direction === "long" ? "▲" : direction === "short" ? "▼" : "•";
