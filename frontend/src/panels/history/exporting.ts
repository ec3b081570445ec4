import type { AlertQuery } from "../../api/alerts";
import { query } from "../../api/call";

/** The file of exactly the alerts a query lists. There `kind` says what is exported. */
export const exportAddress = ({ kind, ...asked }: AlertQuery, format: "csv" | "parquet"): string =>
  `/api/export${query({ kind: "alerts", format, alert_kind: kind, ...asked })}`;
