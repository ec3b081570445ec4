import { useEffect, useState } from "react";

import { fetchHistory } from "../../api/client";
import { type Bars, parseHistory } from "../../charts/bars";
import type { RowView } from "../../lib/rows";

const BARS = 300;

interface Held {
  key: string;
  /** By the key of the pair; what could not be read is not there. */
  bars: Readonly<Record<string, Bars>>;
  failed: readonly string[];
}

/** The newest bars of the same coin on several exchanges; read again as bars close. */
export function useListed(views: readonly RowView[], tf: string) {
  const [held, setHeld] = useState<Held>({ key: "", bars: {}, failed: [] });
  const key = `${tf} ${views.map((view) => view.key).join(" ")}`;
  const newest = Math.max(...views.map(({ row }) => row.ts));
  useEffect(() => {
    const aborter = new AbortController();
    const ask = async (name: string) => {
      const [exchange = "", symbol = ""] = name.split("|");
      return [name, parseHistory(await fetchHistory({ exchange, symbol, tf, limit: BARS }, aborter.signal))] as const;
    };
    // A link may lead here before any row has come.
    const names = key.split(" ").slice(1).filter(Boolean);
    void Promise.allSettled(names.map(ask)).then((answers) => {
      if (aborter.signal.aborted) return;
      const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
      setHeld({ key, bars: Object.fromEntries(found), failed: names.filter((_, i) => answers[i]?.status === "rejected") });
    });
    return () => aborter.abort();
  }, [key, tf, newest]);
  return held.key === key ? held : { key, bars: {}, failed: [] };
}
