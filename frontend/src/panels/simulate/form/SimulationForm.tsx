import { type FormEvent, useEffect, useRef } from "react";

import type { Settings } from "../../../api/types";
import { useChoice } from "../../../hooks/useChoice";
import { changed, FIRST_FORM, type Form, FORM, hintsOf, requestOf, tellingFields } from "../../../lib/simulation/form";
import { button, Fault, primary } from "../../../ui/forms";
import type { Simulation } from "../useSimulation";
import { DataFields } from "./DataFields";
import { Costs, Money, Opens, Trades } from "./Topics";

interface Props {
  /** The timeframe of the page: what counts while the form names none. */
  tf: string;
  timeframes: readonly string[];
  exchanges: readonly string[];
  pairs: readonly { symbol: string; base: string }[];
  settings: Settings | null;
  simulation: Simulation;
}

/** Gives the focus to the first field that does not fit, unfolding what it lies in. */
function toWrong(form: HTMLFormElement): void {
  const wrong = form.querySelector<HTMLElement>("[aria-invalid=true], [data-unfit=true] input");
  const folded = wrong?.closest("details");
  if (folded) folded.open = true;
  wrong?.focus();
}

/** What is to be tried, in a trader's words; it is remembered, and as it stands at first it runs. */
export function SimulationForm({ tf, timeframes, exchanges, pairs, settings, simulation }: Props) {
  const { sending, refusal, jobId, start, dismiss } = simulation;
  const [stored, setForm] = useChoice(FORM);
  // What is no longer recorded cannot be chosen.
  const frame = timeframes.find((one) => one === stored.tf) ?? tf;
  const form: Form = exchanges.includes(stored.exchange) ? stored : { ...stored, exchange: "" };
  const hints = hintsOf(form);
  const box = useRef<HTMLFormElement>(null);
  const change = (patch: Partial<Form>) => {
    if (refusal) dismiss();
    setForm((before) => changed(before, patch));
  };
  // A field that the server refuses is where the reader goes on.
  useEffect(() => {
    if (refusal !== null && box.current) toWrong(box.current);
  }, [refusal]);
  const busy = sending || jobId !== null;
  const run = (event: FormEvent) => {
    event.preventDefault();
    if (busy || !box.current) return;
    const unfit = Object.keys(hints).length > 0 || box.current.querySelector("[data-unfit=true]") !== null;
    if (unfit) toWrong(box.current);
    else start(requestOf(form, frame, pairs, settings?.thresholds));
  };
  const props = { form, hints, refusal, onChange: change };
  return (
    <form ref={box} aria-label="Simulation" onSubmit={run} className="flex min-h-0 flex-1 flex-col" noValidate>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Opens {...props} inForce={settings?.thresholds} />
        <Trades {...props} />
        <Costs {...props} />
        <Money {...props} />
        <DataFields {...props} timeframes={timeframes} tf={frame} exchanges={exchanges} pairs={pairs} />
      </div>
      <div className="shrink-0 border-t border-line px-3 py-2">
        <div className="flex items-center gap-2">
          <button type="submit" className={`${primary} flex-1`} aria-disabled={busy}>
            {busy ? "Running…" : "Run"}
          </button>
          <button type="button" className={button} onClick={() => change(FIRST_FORM)}>
            Start over
          </button>
        </div>
        {refusal !== null && !tellingFields(form).has(refusal.field ?? "") && <Fault>{refusal.words}</Fault>}
      </div>
    </form>
  );
}
