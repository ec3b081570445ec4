import { useMemo } from "react";

import { useUrl } from "../../hooks/useUrl";
import type { RowView } from "../../lib/rows";
import { Deck, type DeckProps, type Slots } from "./Deck";
import { Failure } from "./Status";
import { StretchForm } from "./StretchForm";
import { symbolsOf } from "./symbols";
import { type Scope, useStretch } from "./useStretch";

interface Props extends Slots, Pick<DeckProps, "pair" | "phone"> {
  tf: string;
  /** One exchange, or all (""). */
  exchange: string;
  /** The newest rows: they know which symbols a coin has. */
  rows: readonly RowView[];
}

/** What is replayed, as the address says. While it is not known which symbols a coin has, nothing is. */
function useScope({ tf, exchange, rows }: Pick<Props, "tf" | "exchange" | "rows">): Scope {
  const as = useUrl("as") === "revised" ? "revised" : "seen";
  const pairs = useUrl("pairs") ?? "";
  const symbols = useMemo(() => symbolsOf(pairs, rows), [pairs, rows]);
  const known = pairs === "" || rows.length > 0;
  return useMemo(() => ({ tf: known ? tf : "", as, exchange, symbols }), [known, tf, as, exchange, symbols]);
}

/** The recording again, bar by bar. */
export default function Replay({ tf, exchange, rows, ...deck }: Props) {
  const scope = useScope({ tf, exchange, rows });
  const { key, found, empty, error, retry } = useStretch(scope);
  const form = <StretchForm as={scope.as} pairs={useUrl("pairs") ?? ""} found={found} />;
  return (
    <section aria-label="Replay" className="flex min-h-0 flex-1 flex-col gap-2 md:p-3">
      <header className="shrink-0 bg-panel px-3 py-2 md:rounded-lg md:border md:border-line">
        {deck.phone ? (
          <details>
            <summary className="min-h-6 cursor-pointer text-xs text-ink-strong">What is replayed: {scope.as === "seen" ? "as seen" : "as revised"}</summary>
            <div className="pt-2">{form}</div>
          </details>
        ) : (
          form
        )}
      </header>
      {error !== null && <Failure why={error} noPair={false} onRetry={retry} />}
      {empty && (
        <p role="status" className="p-8 text-center text-xs leading-5 text-ink-soft">
          Nothing is recorded yet. A replay begins with the first closed bar.
        </p>
      )}
      {!found && error === null && !empty && <p role="status" className="p-8 text-center text-xs text-ink-soft">Reading what is recorded…</p>}
      {found && <Deck key={key} scope={scope} found={found} {...deck} />}
    </section>
  );
}
