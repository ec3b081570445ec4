import { useRef, useState } from "react";

import { addRule, deleteRule, fetchRules, isAllowed } from "../../api/alerts";
import { ApiError } from "../../api/errors";
import type { Rule } from "../../api/types";
import { useAnswer } from "../../hooks/useAnswer";
import { useUrl } from "../../hooks/useUrl";
import { simulateCondition } from "../../lib/simulation/start";
import { changeUrl } from "../../lib/url";
import { Confirm } from "../../ui/Confirm";
import { Time } from "../../ui/Time";
import { Block, button, Fault, input, primary } from "../../ui/forms";

interface Wrong {
  words: string;
  parameter: string;
  expression: string;
  /** Offset of the first wrong character, in characters; null where the fault has no place. */
  position: number | null;
}

/** The expression with its first wrong character marked. */
function Place({ expression, position }: { expression: string; position: number }) {
  const characters = [...expression];
  return (
    <code className="mt-1 block whitespace-pre-wrap rounded bg-page px-2 py-1 text-xs text-ink [overflow-wrap:anywhere]" data-position={position}>
      {characters.slice(0, position).join("")}
      <mark className="rounded bg-down/25 px-0.5 font-bold text-down">{characters[position] ?? "⟨end⟩"}</mark>
      {characters.slice(position + 1).join("")}
    </code>
  );
}

function wrongOf(cause: unknown, expression: string): Wrong {
  const words = cause instanceof Error ? cause.message : String(cause);
  const refused = cause instanceof ApiError ? cause : null;
  return { words, expression, parameter: refused?.parameter ?? "", position: refused?.position ?? null };
}

function AddRule({ onAdded }: { onAdded: () => void }) {
  // The filter of the pairs, where there is one, is what somebody may want to be told of.
  const filter = useUrl("filter") ?? "";
  const [name, setName] = useState("");
  const [expression, setExpression] = useState(filter);
  const [wrong, setWrong] = useState<Wrong | null>(null);
  const [saving, setSaving] = useState(false);
  const text = useRef<HTMLTextAreaElement>(null);

  const add = async () => {
    setSaving(true);
    try {
      await addRule(name, expression);
      setName("");
      setExpression("");
      setWrong(null);
      onAdded();
    } catch (cause) {
      const found = wrongOf(cause, expression);
      setWrong(found);
      if (found.position === null) return;
      const at = [...expression].slice(0, found.position).join("").length;
      text.current?.focus();
      text.current?.setSelectionRange(at, at + 1);
    } finally {
      setSaving(false);
    }
  };
  return (
    <form
      aria-label="Add a rule"
      className="max-w-[46rem] space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <label className="block text-micro text-ink-faint">
        Name
        <input className={`${input} block w-full`} value={name} maxLength={80} required autoComplete="off" onChange={(event) => setName(event.target.value)} />
      </label>
      <label className="block text-micro text-ink-faint">
        Condition
        <textarea
          ref={text}
          className={`${input} block h-16 w-full py-1.5 font-mono`}
          value={expression}
          required
          spellCheck={false}
          placeholder="z > 2 and funding < 0 and oi > 50M"
          aria-invalid={wrong?.parameter === "expression"}
          onChange={(event) => {
            setExpression(event.target.value);
            setWrong(null);
          }}
        />
      </label>
      {wrong && (
        <div>
          <Fault>{wrong.words}</Fault>
          {wrong.position !== null && <Place expression={wrong.expression} position={wrong.position} />}
        </div>
      )}
      <button type="submit" className={primary} disabled={saving}>
        {saving ? "Adding…" : "Add the rule"}
      </button>
    </form>
  );
}

const showAlerts = (rule: Rule) => changeUrl({ view: "alerts", kind: "rule", rule: String(rule.id), tier: null, alert: null }, true);

function RuleItem({ rule, mayDelete, onDelete }: { rule: Rule; mayDelete: boolean; onDelete: () => void }) {
  return (
    <li className="border-t border-line/60 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="text-xs font-semibold text-ink-strong [overflow-wrap:anywhere]">{rule.name}</span>
        <span className="text-micro text-ink-faint">
          since <Time ts={rule.created_ts} />
        </span>
        <span className="ml-auto flex flex-wrap gap-2">
          <button type="button" className={button} aria-label={`Its alerts: ${rule.name}`} onClick={() => showAlerts(rule)}>
            Its alerts
          </button>
          <button type="button" className={button} aria-label={`Simulate: ${rule.name}`} onClick={() => simulateCondition(rule.expression)}>
            Simulate
          </button>
          {mayDelete && <Confirm label="Delete" question={`Delete “${rule.name}”? Its alerts stay.`} onConfirm={onDelete} />}
        </span>
      </div>
      <code className="mt-1 block whitespace-pre-wrap text-xs text-ink [overflow-wrap:anywhere]">{rule.expression}</code>
      {typeof rule.problem === "string" && <Fault>Not judged by any more: {rule.problem}</Fault>}
    </li>
  );
}

/** Alert rules of the reader's own. */
export function Rules() {
  const [version, setVersion] = useState(0);
  const [fault, setFault] = useState<string | null>(null);
  const rules = useAnswer(`${version}`, fetchRules);
  const allowed = useAnswer("rules", (signal) => isAllowed("/api/rules", "POST", signal));
  const again = () => setVersion((before) => before + 1);
  const remove = async (rule: Rule) => {
    setFault(null);
    try {
      await deleteRule(rule.id);
    } catch (cause) {
      setFault(cause instanceof Error ? cause.message : String(cause));
    }
    again();
  };
  const may = allowed.data === true;
  return (
    <>
      <Block title="Your rules" about="A rule starts an alert where its condition turns true on a closed bar, with the same care and rest as every alert. To change one, delete it and add another: an alert names the rule it came from.">
        {rules.error !== null && <Fault>The rules could not be read: {rules.error}</Fault>}
        {fault !== null && <Fault>{fault}</Fault>}
        {rules.data?.length === 0 && <p className="text-xs text-ink-soft">There is none yet.</p>}
        {!rules.data && rules.error === null && <p role="status" className="text-xs text-ink-soft">Reading the rules…</p>}
        <ul aria-label="Rules">
          {rules.data?.map((rule) => (
            <RuleItem key={rule.id} rule={rule} mayDelete={may} onDelete={() => void remove(rule)} />
          ))}
        </ul>
      </Block>
      <Block
        title="Add a rule"
        about="Columns of a closed bar, compared and joined: z > 2 and funding < 0 and oi > 50M. Also and, or, not, in, abs(…), + − * /, percent and 50k, 50M, 2B. It judges from the next closed bar on."
      >
        {allowed.data === false ? (
          <p role="status" className="text-xs text-warn">Rules cannot be changed here: no scraper runs beside this page.</p>
        ) : (
          <AddRule onAdded={again} />
        )}
      </Block>
    </>
  );
}
