import "../src/styles.css";

import { Badge, BadgeDelta, Table, TableBody, TableCell, TableHead, TableHeaderCell, TableRow } from "@tremor/react";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { io } from "socket.io-client";

type Row = Record<string, unknown>;

/**
 * What the page is measured against: the same rows and sixteen columns, each row a row of Tremor's table,
 * with its badges where the page has coloured changes and chips of tiers.
 */
const COLUMNS = [
  "symbol", "live_price", "price_change_24h_pct", "z_score", "oi_abs_usd", "oi_delta_pct", "global_ls", "top_ls",
  "imbalance", "cvd", "rsi", "funding", "oi_change_1h_pct", "oi_change_4h_pct", "oi_change_24h_pct", "volume_24h_usd",
] as const;

const CHANGES = new Set<string>(["price_change_24h_pct", "oi_delta_pct", "oi_change_1h_pct", "oi_change_4h_pct", "oi_change_24h_pct"]);

const keyOf = (row: Row) => `${String(row.exchange)}|${String(row.symbol)}`;
const text = (value: unknown) => (typeof value === "number" ? value.toPrecision(4) : typeof value === "string" ? value : "–");

function Cell({ row, column }: { row: Row; column: string }) {
  const value = row[column];
  if (column === "symbol") {
    return (
      <>
        {text(value)} {typeof row.tier === "number" ? <Badge>{`Tier ${row.tier}`}</Badge> : null}
      </>
    );
  }
  if (!CHANGES.has(column) || typeof value !== "number") return <>{text(value)}</>;
  return <BadgeDelta deltaType={value > 0 ? "increase" : value < 0 ? "decrease" : "unchanged"}>{text(value)}</BadgeDelta>;
}

function Naive() {
  const [rows, setRows] = useState<ReadonlyMap<string, Row>>(new Map());
  useEffect(() => {
    const socket = io({ path: "/socket.io", transports: ["websocket"] });
    const take = (changed: Row[]) => {
      performance.mark("board:render");
      performance.clearMarks("board:render");
      setRows((before) => new Map([...before, ...changed.map((row) => [keyOf(row), row] as const)]));
    };
    socket.on("connect", () => {
      socket.emit("subscribe", { tf: "5m", exchange: "", since: null }, (ack: { rows: Row[] }) => take(ack.rows));
    });
    socket.on("metrics_update", (update: { rows: Row[] }) => take(update.rows));
    return () => void socket.close();
  }, []);
  const sorted = [...rows.values()].sort((a, b) => Number(b.z_score) - Number(a.z_score));
  return (
    <Table>
      <TableHead>
        <TableRow>
          {COLUMNS.map((column) => (
            <TableHeaderCell key={column}>{column}</TableHeaderCell>
          ))}
        </TableRow>
      </TableHead>
      <TableBody>
        {sorted.map((row) => (
          <TableRow key={keyOf(row)} data-key={keyOf(row)}>
            {COLUMNS.map((column) => (
              <TableCell key={column}><Cell row={row} column={column} /></TableCell>
            ))}
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<Naive />);
