import { memo, type Ref, type RefObject, useCallback, useEffect, useMemo, useRef } from "react";

import type { Run, SimulatedTrade } from "../../api/types";
import type { Settings } from "../../api/types";
import { useMedia } from "../../hooks/useMedia";
import { type OpenerHandle, useOpener } from "../../hooks/useOpener";
import { useRun } from "../../hooks/useRuns";
import { useUrl } from "../../hooks/useUrl";
import { pairKey, type RowView } from "../../lib/rows";
import { idsOf } from "../../lib/simulation/compare";
import { FORM, formOf } from "../../lib/simulation/form";
import { choose } from "../../lib/stored";
import { changeUrl, urlParam } from "../../lib/url";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { Fault } from "../../ui/forms";
import { Tabs } from "../../ui/Tabs";
import { fieldId } from "./form/parts";
import { SimulationForm } from "./form/SimulationForm";
import { JobCard } from "./JobCard";
import { RunView } from "./result/RunView";
import { RunCompare } from "./runs/RunCompare";
import { RunList } from "./runs/RunList";
import { Trades } from "./trades/Trades";
import { type Simulation, useSimulation } from "./useSimulation";

interface Props {
  tf: string;
  timeframes: readonly string[];
  exchanges: readonly string[];
  rows: readonly RowView[];
  settings: Settings | null;
  handle: Ref<OpenerHandle>;
  /** Opens the chart of a pair at a bar. */
  onChart: (pair: string, tf: string, at: number) => void;
}

const PARTS = [
  { id: "setup", label: "Set up" },
  { id: "result", label: "Result" },
  { id: "trades", label: "Trades" },
  { id: "runs", label: "Runs" },
  { id: "compare", label: "Compare" },
] as const;
type Part = (typeof PARTS)[number]["id"];

const FIRST_FIELD = fieldId("tier");

const goTo = (part: Part) => changeUrl({ part });
const openRun = (id: string) => changeUrl({ run: id, part: "result" }, true);
const chooseRuns = (ids: readonly string[]) => changeUrl({ runs: ids.join(",") });

/** Takes a run that is there no longer out of the address. */
function forget(id: string) {
  const rest = idsOf(urlParam("runs")).filter((one) => one !== id);
  changeUrl({ runs: rest.join(","), ...(urlParam("run") === id ? { run: null } : {}) });
}

/** The part of the address; without one what there is to see. */
function usePart(narrow: boolean, running: boolean, run: string | null): Part {
  const asked = useUrl("part");
  const found = PARTS.find(({ id }) => id === asked)?.id;
  if (found !== undefined && (narrow || found !== "setup")) return found;
  if (run !== null || running) return "result";
  return narrow ? "setup" : "runs";
}

/** What had the focus may have gone with the part before: the panel has it then. */
function useKeptFocus(panel: RefObject<HTMLElement>, part: Part) {
  const before = useRef(part);
  useEffect(() => {
    if (before.current !== part && document.activeElement === document.body) panel.current?.focus({ preventScroll: true });
    before.current = part;
  }, [panel, part]);
}

function again(run: Run) {
  choose(FORM, formOf(run));
  goTo("setup");
  // On a narrow screen the form comes with the next frame.
  requestAnimationFrame(() => document.getElementById(FIRST_FIELD)?.focus());
}

function Result({ run, missing, error, loading, simulation, onCompare }: ReturnType<typeof useRun> & { simulation: Simulation; onCompare: (run: Run) => void }) {
  const waiting = simulation.jobId !== null;
  return (
    <div className="space-y-3">
      <JobCard simulation={simulation} />
      {error !== null && <Fault>The run could not be read: {error}</Fault>}
      {missing && <p role="alert" className="p-6 text-center text-xs leading-5 text-ink-soft">The server has no run of this link: it was deleted, or made somewhere else.</p>}
      {loading && <p role="status" className="p-6 text-xs text-ink-soft">Reading the run…</p>}
      {run && <RunView run={run} onAgain={() => again(run)} onCompare={() => onCompare(run)} />}
      {!run && !missing && !loading && error === null && !waiting && (
        <p role="status" className="p-6 text-center text-xs leading-5 text-ink-soft">Nothing is shown yet. Run the form as it stands, or open one of the runs.</p>
      )}
    </div>
  );
}

interface ContentProps {
  part: Part;
  simulation: Simulation;
  phone: boolean;
  exchanges: readonly string[];
  onOpen: (run: Run, trade: SimulatedTrade) => void;
}

/** What the chosen part shows; not painted again with every row that changes. */
const Content = memo(function Content({ part, simulation, phone, exchanges, onOpen }: ContentProps) {
  const runId = useUrl("run");
  const found = useRun(runId);
  const text = useUrl("runs");
  const chosen = useMemo(() => idsOf(text), [text]);
  const { run } = found;
  switch (part) {
    case "trades":
      return run ? (
        <Trades key={run.id} run={run} phone={phone} exchanges={exchanges} onOpen={(trade) => onOpen(run, trade)} />
      ) : (
        <p role="status" className="p-6 text-center text-xs text-ink-soft">No run is open.</p>
      );
    case "runs":
      return <RunList current={runId} chosen={chosen} onOpen={openRun} onChoose={chooseRuns} onCompare={() => goTo("compare")} onRemoved={forget} />;
    case "compare":
      return <RunCompare ids={chosen} phone={phone} onOpen={openRun} />;
    default:
      return (
        <Result
          {...found}
          simulation={simulation}
          onCompare={({ id }) => {
            chooseRuns([...new Set([...chosen, id])].slice(-4));
            goTo("runs");
          }}
        />
      );
  }
});

/** A rule tried on recorded bars: what it would have been worth, and how sure that is. */
export default function Simulate({ tf, timeframes, exchanges, rows, settings, handle, onChart }: Props) {
  const phone = useMedia("(max-width: 767px)");
  const narrow = useMedia("(max-width: 1023px)");
  const simulation = useSimulation();
  const runId = useUrl("run");
  const part = usePart(narrow, simulation.jobId !== null, runId);
  const pairs = useMemo(() => rows.map(({ row: { symbol, base } }) => ({ symbol, base })), [rows]);
  const panel = useRef<HTMLDivElement>(null);
  useKeptFocus(panel, part);
  const open = useOpener(handle, panel, useCallback((run: Run, trade: SimulatedTrade) => onChart(pairKey(trade), run.data.tf, trade.entry_ts), [onChart]));
  const form = <SimulationForm tf={tf} timeframes={timeframes} exchanges={exchanges} pairs={pairs} settings={settings} simulation={simulation} />;
  const tabs = PARTS.filter(({ id }) => narrow || id !== "setup");
  const scrolls = part !== "trades" && part !== "setup";
  return (
    <div className="flex min-h-0 flex-1 gap-3 lg:p-3">
      {!narrow && (
        <section aria-label="What is tried" className="flex w-[21rem] shrink-0 flex-col overflow-hidden rounded-lg border border-line bg-panel">
          {form}
        </section>
      )}
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <Tabs label="Simulation" prefix="simulate" items={tabs} current={part} onChoose={(id) => goTo(PARTS.find((one) => one.id === id)?.id ?? part)} />
        <div
          ref={panel}
          id="simulate-panel"
          role="tabpanel"
          aria-labelledby={`simulate-${part}`}
          // What scrolls must be reached by the keyboard.
          tabIndex={scrolls ? 0 : -1}
          className={`flex min-h-0 flex-1 flex-col outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-accent ${
            scrolls ? "overflow-y-auto overflow-x-hidden px-px pb-px max-lg:px-3 max-lg:pb-3" : part === "setup" ? "bg-panel" : "md:max-lg:px-3 md:max-lg:pb-3"
          }`}
        >
          <ErrorBoundary key={part} name={`The part ${part}`}>
            {part === "setup" ? form : <Content part={part} simulation={simulation} phone={phone} exchanges={exchanges} onOpen={open} />}
          </ErrorBoundary>
        </div>
      </div>
    </div>
  );
}
