import { useEffect, useState } from "react";

import { tradesAddress } from "../../../api/simulation";
import type { Run } from "../../../api/types";
import { dataWords, sentenceOf, sizeWords, titleOf } from "../../../lib/simulation/words";
import { button } from "../../../ui/forms";
import { Icon } from "../../../ui/Icon";
import { Time } from "../../../ui/Time";
import { KindBadge } from "../parts";

const link = `${button} flex items-center gap-1.5`;
const SAID_MS = 2500;

/** Puts the link to this run on the clipboard. */
function CopyLink({ id }: { id: string }) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => {
    const { origin, pathname } = window.location;
    const address = `${origin}${pathname}?${new URLSearchParams({ view: "simulate", run: id }).toString()}`;
    // Without a secure context there is no clipboard to write to.
    const written = "clipboard" in navigator ? navigator.clipboard.writeText(address) : Promise.reject(new Error("no clipboard"));
    written.then(() => setSaid("Copied"), () => setSaid("Copy the address bar"));
  };
  return (
    <button type="button" className={link} title="A link that opens this run" onClick={copy}>
      <Icon name="link" className="h-3.5 w-3.5" />
      <span aria-live="polite">{said ?? "Copy link"}</span>
    </button>
  );
}

interface Props {
  run: Run;
  onAgain: () => void;
  onCompare: () => void;
}

/** Which run this is, and what can be done with it. */
export function RunHeader({ run, onAgain, onCompare }: Props) {
  const { settings, data } = run;
  return (
    <header className="space-y-2 lg:px-3">
      <h2 className="flex flex-wrap items-baseline gap-x-3 gap-y-1 text-sm font-semibold text-ink-strong">
        <span className="[overflow-wrap:anywhere]">{titleOf(settings)}</span>
        <KindBadge kind={data.kind} />
      </h2>
      <p className="text-xs leading-5 text-ink [overflow-wrap:anywhere]">{sentenceOf(settings)}</p>
      <p className="text-micro leading-4 text-ink-soft">
        {dataWords(run)} · <Time ts={data.start} /> to <Time ts={data.end} /> · {sizeWords(settings)} · made <Time ts={run.created_ts} /> by {run.code_version}
      </p>
      <div className="flex flex-wrap gap-1.5">
        <CopyLink id={run.id} />
        <button type="button" className={button} title="Puts these settings into the form" onClick={onAgain}>Change and run again</button>
        <button type="button" className={button} onClick={onCompare}>Compare…</button>
        {(["csv", "parquet"] as const).map((format) => (
          <a key={format} className={link} href={tradesAddress(run.id, format)} download title="Every trade as a file">
            <Icon name="download" className="h-3.5 w-3.5" />
            {format === "csv" ? "Trades CSV" : "Trades Parquet"}
          </a>
        ))}
      </div>
    </header>
  );
}
