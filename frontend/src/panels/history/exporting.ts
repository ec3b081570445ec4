import type { AlertQuery } from "../../api/alerts";
import { addressOf } from "../../api/http";

/** The file of exactly the alerts a query lists. There `kind` says what is exported. */
export const exportAddress = ({ kind, ...asked }: AlertQuery, format: "csv" | "parquet"): string =>
  addressOf("/api/export", { query: { kind: "alerts", format, alert_kind: kind, ...asked } });
