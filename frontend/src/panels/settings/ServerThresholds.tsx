import { useState } from "react";

import { isAllowed, saveThresholds } from "../../api/alerts";
import { ApiError } from "../../api/errors";
import type { Settings } from "../../api/types";
import { useAnswer } from "../../hooks/useAnswer";
import { exact } from "../../lib/format";
import { numberOf, THRESHOLD_FIELDS, type ThresholdField } from "../../lib/thresholds";
import { Block, button, Fault, input, primary } from "../../ui/forms";
import { Planner } from "./Planner";

interface Props {
  settings: Settings;
  tf: string;
  onSettings: (settings: Settings) => void;
}

type Drafts = Record<string, string>;

interface RowProps {
  field: ThresholdField;
  inForce: number;
  draft: string | undefined;
  fault: string | null;
  readOnly: boolean;
  planning: boolean;
  onDraft: (text: string) => void;
  onPutBack: () => void;
  onPlan: () => void;
}

function Unsaved({ draft, shown, readOnly }: { draft: string | undefined; shown: string; readOnly: boolean }) {
  if (draft === undefined || draft === shown) return null;
  return <span className="text-warn"> · {readOnly ? "tried" : "not saved"}</span>;
}

function Row({ field, inForce, draft, fault, readOnly, planning, onDraft, onPutBack, onPlan }: RowProps) {
  const id = `server-${field.name}`;
  const shown = String(inForce);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 border-t border-line/60 py-2 md:grid-cols-[16rem_auto_minmax(0,1fr)]">
      <label htmlFor={id} className="min-w-0">
        <span className="block text-xs font-medium text-ink-strong">
          {field.label}
          {field.unit !== "" && <span className="font-normal text-ink-soft">, {field.unit}</span>}
          <Unsaved draft={draft} shown={shown} readOnly={readOnly} />
        </span>
        <span id={`${id}-doc`} className="block text-micro text-ink-faint">
          {field.doc}
        </span>
      </label>
      <input
        id={id}
        className={`${input} w-24 text-right`}
        inputMode="decimal"
        autoComplete="off"
        readOnly={readOnly}
        aria-describedby={`${id}-doc`}
        aria-invalid={fault !== null}
        value={draft ?? shown}
        onChange={(event) => onDraft(event.target.value)}
      />
      <span className="flex gap-2 max-md:col-span-2">
        {field.tiers.length > 0 && (
          <button type="button" className={button} aria-expanded={planning} onClick={onPlan}>
            {planning ? "Close the plan" : "Plan"}
          </button>
        )}
        {!readOnly && (
          <button type="button" className={button} title="To what the server was started with" aria-label={`Put back ${field.label}`} onClick={onPutBack}>
            Put back
          </button>
        )}
      </span>
      {fault !== null && (
        <div className="col-span-full">
          <Fault>{fault}</Fault>
        </div>
      )}
    </div>
  );
}

/** Faults of a request by the field they name; "" is the form's own. */
function faultsOf(cause: unknown): Drafts {
  const words = cause instanceof Error ? cause.message : String(cause);
  const name = cause instanceof ApiError ? (cause.parameter ?? "") : "";
  return { [THRESHOLD_FIELDS.some((field) => field.name === name) ? name : ""]: words };
}

function useForm({ settings, onSettings }: Pick<Props, "settings" | "onSettings">) {
  const [drafts, setDrafts] = useState<Drafts>({});
  const [faults, setFaults] = useState<Drafts>({});
  const [saving, setSaving] = useState(false);
  const [said, setSaid] = useState("");
  const inForce: Readonly<Record<string, number>> = settings.thresholds;
  const changes = Object.entries(drafts).filter(([name, text]) => text !== String(inForce[name]));

  const send = async (wanted: Record<string, number | null>, done: string) => {
    setSaving(true);
    setSaid("");
    try {
      onSettings(await saveThresholds(wanted));
      setDrafts((before) => Object.fromEntries(Object.entries(before).filter(([name]) => !(name in wanted))));
      setFaults({});
      setSaid(done);
    } catch (cause) {
      setFaults(faultsOf(cause));
    } finally {
      setSaving(false);
    }
  };
  const save = () => {
    const numbers = changes.map(([name, text]) => [name, numberOf(text)] as const);
    const wrong = numbers.filter(([, value]) => value === null).map(([name]) => [name, "This is not a number."] as const);
    if (wrong.length > 0) setFaults(Object.fromEntries(wrong));
    else void send(Object.fromEntries(numbers), "Saved: alerts of the next bars are judged by it.");
  };
  return {
    drafts, faults, saving, said, changes, save,
    draft: (name: string, text: string) => {
      setDrafts((before) => ({ ...before, [name]: text }));
      setFaults((before) => Object.fromEntries(Object.entries(before).filter(([other]) => other !== name)));
      setSaid("");
    },
    putBack: (field: ThresholdField) => void send({ [field.name]: null }, `${field.label} is what the server was started with.`),
    discard: () => {
      setDrafts({});
      setFaults({});
    },
  };
}

/** The thresholds alerts are judged by, for everybody; each can be planned before it is saved. */
export function ServerThresholds({ settings, tf, onSettings }: Props) {
  const form = useForm({ settings, onSettings });
  const [planning, setPlanning] = useState<string | null>(null);
  const allowed = useAnswer("settings", (signal) => isAllowed("/api/settings", "PUT", signal));
  const readOnly = allowed.data !== true;
  return (
    <Block
      title="The server's, for everybody"
      about="Flags and alerts are judged by these from the next bar on; what is stored stays as it was. Saved values win over the environment until they are put back."
    >
      {allowed.data === false && (
        <p role="status" className="mb-2 text-xs text-warn">
          They cannot be changed here: no scraper runs beside this page. Planning works all the same.
        </p>
      )}
      {allowed.error !== null && <Fault>Whether they can be changed could not be asked: {allowed.error}</Fault>}
      <form
        aria-label="Thresholds of the server"
        onSubmit={(event) => {
          event.preventDefault();
          form.save();
        }}
      >
        {THRESHOLD_FIELDS.map((field) => (
          <div key={field.name}>
            <Row
              field={field}
              inForce={settings.thresholds[field.name]}
              draft={form.drafts[field.name]}
              fault={form.faults[field.name] ?? null}
              readOnly={readOnly}
              planning={planning === field.name}
              onDraft={(text) => form.draft(field.name, text)}
              onPutBack={() => form.putBack(field)}
              onPlan={() => setPlanning(planning === field.name ? null : field.name)}
            />
            {planning === field.name && (
              <Planner
                field={field}
                inForce={settings.thresholds[field.name]}
                draft={form.drafts[field.name]}
                timeframes={settings.timeframes}
                tf={tf}
                onDraft={(value) => form.draft(field.name, value)}
              />
            )}
          </div>
        ))}
        <div className="flex flex-wrap items-center gap-2 border-t border-line/60 pt-3">
          <button type="submit" className={primary} disabled={readOnly || form.changes.length === 0 || form.saving}>
            {form.saving ? "Saving…" : "Save"}
          </button>
          {form.changes.length > 0 && (
            <button type="button" className={button} onClick={form.discard}>
              Discard
            </button>
          )}
          <span role="status" className="text-xs text-ink-soft">
            {form.changes.length > 0
              ? THRESHOLD_FIELDS.flatMap(({ name, label }) => {
                  const change = form.changes.find(([changed]) => changed === name);
                  return change ? [`${label} ${exact(settings.thresholds[name])} → ${change[1]}`] : [];
                }).join(", ")
              : form.said}
          </span>
        </div>
        {form.faults[""] !== undefined && <Fault>Not saved: {form.faults[""]}</Fault>}
      </form>
    </Block>
  );
}
