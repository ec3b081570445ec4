import type { RunSummary } from "../../../api/types";
import { percent, whole } from "../../../lib/format";
import { MOST } from "../../../lib/simulation/compare";
import { dataWords, GOAL_WORDS, netPercent, signedPercent, titleOf, VERDICT_WORDS } from "../../../lib/simulation/words";
import { Confirm } from "../../../ui/Confirm";
import { button, Fault } from "../../../ui/forms";
import { Time } from "../../../ui/Time";
import { KindBadge } from "../parts";
import { useRunPages } from "./useRunPages";

interface Props {
  /** The run that is shown. */
  current: string | null;
  /** Ids of those to compare. */
  chosen: readonly string[];
  onOpen: (id: string) => void;
  onChoose: (ids: readonly string[]) => void;
  onCompare: () => void;
  onRemoved: (id: string) => void;
}

function Figures({ run }: { run: RunSummary }) {
  const verdict = VERDICT_WORDS[run.verdict];
  return (
    <span className="flex flex-wrap gap-x-3 gap-y-0.5 text-micro text-ink">
      <span className={`font-semibold ${verdict.tone}`}>
        <span aria-hidden="true">{verdict.sign} </span>
        {verdict.title}
      </span>
      <span>n {whole(run.trade_count)}</span>
      {run.hit_rate !== null && <span>won {percent(run.hit_rate, 1)}, goal {GOAL_WORDS[run.goal].text}</span>}
      {run.expectancy !== null && <span>mean net {netPercent(run.expectancy)}</span>}
      <span>account {run.final === null ? "?" : signedPercent(run.final / run.settings.capital - 1)}, deepest fall {percent(run.max_drawdown, 1)}</span>
    </span>
  );
}

interface ItemProps {
  run: RunSummary;
  current: boolean;
  chosen: boolean;
  full: boolean;
  onOpen: () => void;
  onTick: (ticked: boolean) => void;
  onDelete: () => void;
}

function Item({ run, current, chosen, full, onOpen, onTick, onDelete }: ItemProps) {
  const title = titleOf(run.settings);
  return (
    <li data-run={run.id} className={`flex flex-wrap items-center gap-x-3 border-b border-line/70 px-3 py-2 ${current ? "bg-raised" : ""}`}>
      <input
        type="checkbox"
        aria-label={`Compare ${title}`}
        title={full && !chosen ? `At most ${MOST} at a time` : "Compare"}
        className="h-4 w-4 shrink-0 accent-[rgb(var(--accent))]"
        checked={chosen}
        disabled={full && !chosen}
        onChange={(event) => onTick(event.target.checked)}
      />
      <button type="button" aria-current={current ? "true" : undefined} onClick={onOpen} className="min-w-0 flex-1 basis-56 rounded px-1 py-0.5 text-left hover:bg-raised">
        <span className="flex flex-wrap items-baseline gap-x-2">
          <span className="text-xs font-semibold text-ink-strong [overflow-wrap:anywhere]">{title}</span>
          <KindBadge kind={run.data.kind} />
          <Time ts={run.created_ts} className="text-micro text-ink-soft" />
        </span>
        <span className="mt-0.5 block text-micro text-ink-soft">{dataWords(run)} · <Time ts={run.data.start} /> to <Time ts={run.data.end} /></span>
        <span className="mt-0.5 block"><Figures run={run} /></span>
      </button>
      <Confirm label="Delete" question="Delete this run? That it was tried still counts." onConfirm={onDelete} className="max-md:mt-1" />
    </li>
  );
}

/** Every run that is kept, newest first: to open, to compare, to delete. */
export function RunList({ current, chosen, onOpen, onChoose, onCompare, onRemoved }: Props) {
  const { runs, total, loading, error, fault, more, again, remove } = useRunPages(onRemoved);
  const tick = (id: string, ticked: boolean) => onChoose(ticked ? [...chosen, id] : chosen.filter((one) => one !== id));
  return (
    <section aria-label="Runs" className="overflow-hidden rounded-lg border border-line bg-panel">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-3 py-2">
        <h2 className="text-sm font-semibold text-ink-strong">Runs</h2>
        <p role="status" className="text-micro text-ink-soft" data-total={total}>{loading ? "Reading the runs…" : `${whole(total)} kept, newest first. Tick two to ${MOST} to compare them.`}</p>
        <button type="button" className={`${button} ml-auto`} disabled={chosen.length < 2} onClick={onCompare}>
          Compare {chosen.length > 0 && `(${chosen.length})`}
        </button>
      </header>
      {error !== null && (
        <div className="px-3 py-2">
          <Fault>The runs could not be read: {error}</Fault>
          <button type="button" className={`${button} mt-1`} onClick={again}>Try again</button>
        </div>
      )}
      {fault !== null && <div className="px-3 py-2"><Fault>It was not deleted: {fault}</Fault></div>}
      {!loading && error === null && total === 0 && (
        <p className="mx-auto max-w-md p-8 text-center text-xs leading-5 text-ink-soft">
          None yet. Run the form as it stands: it trades a rule on the bars that are recorded, after fees, slippage and funding, and says whether what it won can be told from chance.
          Every run is kept here.
        </p>
      )}
      <ul aria-label="Kept runs">
        {runs.map((run) => (
          <Item
            key={run.id} run={run} current={run.id === current} chosen={chosen.includes(run.id)} full={chosen.length >= MOST}
            onOpen={() => onOpen(run.id)} onTick={(ticked) => tick(run.id, ticked)} onDelete={() => remove(run.id)}
          />
        ))}
      </ul>
      {runs.length < total && (
        <p className="px-3 py-2">
          <button type="button" className={button} onClick={more}>Show more</button>
        </p>
      )}
    </section>
  );
}
