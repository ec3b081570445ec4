import { Suspense, useMemo } from "react";

import type { Run } from "../../../api/types";
import { useColours } from "../../../charts/colours";
import { EquityCurve } from "../../../charts/registry";
import { useRuns } from "../../../hooks/useRuns";
import { differs, type Figure, LEAST, sameData, SECTIONS, SETTINGS } from "../../../lib/simulation/compare";
import { titleOf } from "../../../lib/simulation/words";
import { Fault } from "../../../ui/forms";
import { Box, KindBadge } from "../parts";

interface Props {
  ids: readonly string[];
  phone: boolean;
  onOpen: (id: string) => void;
}

const LETTERS = ["A", "B", "C", "D"];
const DASHES = ["", "7 3", "2 2", "9 3 2 3"];

const letterOf = (i: number) => LETTERS[i] ?? "?";

interface PartProps {
  title: string;
  figures: readonly Figure[];
  runs: readonly Run[];
  /** Says of each line whether the runs differ in it. */
  marked: boolean;
}

const Differs = () => <span title="They differ" className="ml-1 font-bold text-warn"><span aria-hidden="true">≠</span><span className="sr-only">they differ</span></span>;

function Wide({ title, figures, runs, marked }: PartProps) {
  return (
    <tbody>
      <tr>
        <th scope="colgroup" colSpan={runs.length + 1} className="pb-1 pt-4 text-left text-xs font-semibold text-ink-strong">{title}</th>
      </tr>
      {figures.map((figure) => {
        const apart = marked && differs(figure, runs);
        return (
          <tr key={figure.label} title={figure.doc} data-differs={apart} className={`border-t border-line/60 ${apart ? "bg-warn/10" : ""}`}>
            <th scope="row" className="py-1 pl-2 pr-3 text-left text-micro font-normal text-ink-soft">
              {figure.label}
              {apart && <Differs />}
            </th>
            {runs.map((run) => (
              <td key={run.id} className="px-2 py-1 text-right text-xs text-ink-strong [overflow-wrap:anywhere]">{figure.of(run)}</td>
            ))}
          </tr>
        );
      })}
    </tbody>
  );
}

function Narrow({ title, figures, runs, marked }: PartProps) {
  return (
    <Box title={title}>
      <dl className="divide-y divide-line/60">
        {figures.map((figure) => {
          const apart = marked && differs(figure, runs);
          return (
            <div key={figure.label} data-differs={apart} className={`py-1.5 ${apart ? "bg-warn/10" : ""}`}>
              <dt className="text-micro text-ink-soft">
                {figure.label}
                {apart && <Differs />}
              </dt>
              {runs.map((run, i) => (
                <dd key={run.id} className="flex justify-between gap-3 text-xs text-ink-strong">
                  <span className="text-ink-soft">{letterOf(i)}</span>
                  <span className="text-right [overflow-wrap:anywhere]">{figure.of(run)}</span>
                </dd>
              ))}
            </div>
          );
        })}
      </dl>
    </Box>
  );
}

function Names({ runs, onOpen }: { runs: readonly Run[]; onOpen: (id: string) => void }) {
  return (
    <ul aria-label="Runs compared" className="space-y-1 lg:px-3">
      {runs.map((run, i) => (
        <li key={run.id} className="flex flex-wrap items-baseline gap-x-2 text-xs">
          <span className="font-bold text-ink-strong">{letterOf(i)}</span>
          <button type="button" className="text-left text-accent underline underline-offset-2 [overflow-wrap:anywhere]" onClick={() => onOpen(run.id)}>{titleOf(run.settings)}</button>
          <KindBadge kind={run.data.kind} />
        </li>
      ))}
    </ul>
  );
}

/** The same figures of each, settings that differ first, and their accounts over each other. */
function Comparison({ runs, phone, onOpen }: { runs: readonly Run[]; phone: boolean; onOpen: (id: string) => void }) {
  const colours = useColours();
  const curves = useMemo(() => {
    const inks = [colours.first, colours.warn, colours.third, colours.second];
    return runs.map((run, i) => ({ name: letterOf(i), label: `${letterOf(i)} ${titleOf(run.settings)}`, run, colour: inks[i] ?? colours.ink, dash: DASHES[i] ?? "" }));
  }, [runs, colours]);
  const parts: PartProps[] = [
    { title: "Settings that differ", figures: SETTINGS.filter((figure) => differs(figure, runs)), runs, marked: true },
    ...SECTIONS.map(({ title, figures }) => ({ title, figures, runs, marked: false })),
    { title: "Settings alike", figures: SETTINGS.filter((figure) => !differs(figure, runs)), runs, marked: false },
  ].filter(({ figures }) => figures.length > 0);
  return (
    <div className="space-y-3">
      <Names runs={runs} onOpen={onOpen} />
      {!sameData(runs) && <p role="note" className="text-xs text-warn">They were not simulated on the same bars: what differs may be the data&apos;s doing.</p>}
      <Box title="Accounts over each other">
        <Suspense fallback={<div className="skeleton h-[346px]" />}>
          <EquityCurve curves={curves} />
        </Suspense>
      </Box>
      {phone ? (
        parts.map((part) => <Narrow key={part.title} {...part} />)
      ) : (
        <div className="rounded-lg border border-line bg-panel px-3 pb-3">
          <table aria-label="Runs side by side" className="w-full table-fixed">
            <thead>
              <tr>
                <th scope="col" className="w-44 pt-2 text-left text-micro font-normal text-ink-soft">Figure</th>
                {runs.map((run, i) => (
                  <th key={run.id} scope="col" className="px-2 pt-2 text-right text-xs font-bold text-ink-strong">{letterOf(i)}</th>
                ))}
              </tr>
            </thead>
            {parts.map((part) => <Wide key={part.title} {...part} />)}
          </table>
        </div>
      )}
    </div>
  );
}

/** Two to four runs side by side. */
export function RunCompare({ ids, phone, onOpen }: Props) {
  const { runs, error, loading } = useRuns(ids);
  const known = runs.filter((run) => run !== null);
  if (ids.length < LEAST) {
    return <p role="status" className="p-6 text-center text-xs leading-5 text-ink-soft">Tick two to four runs in the list of runs to see them side by side.</p>;
  }
  if (error !== null) return <Fault>The runs could not be read: {error}</Fault>;
  if (loading) return <p role="status" className="p-6 text-xs text-ink-soft">Reading the runs…</p>;
  return (
    <section aria-label="Comparison">
      <h2 className="sr-only">Runs compared</h2>
      {known.length < runs.length && <p role="status" className="mb-2 text-xs text-warn">{runs.length - known.length} of them the server does not have any more.</p>}
      {known.length > 0 && <Comparison runs={known} phone={phone} onOpen={onOpen} />}
    </section>
  );
}
