import { type FormEvent, useState } from "react";

import { addRule } from "../../../api/alerts";
import type { Expression } from "../../../lib/expression/compile";
import { isRuleColumn } from "../../../lib/expression/names";

type State = { step: "asking" | "sending" } | { step: "failed"; why: string } | { step: "kept"; id: number };

const input = "h-7 min-w-0 flex-1 rounded-md border border-edge bg-page px-2 py-0 text-xs text-ink-strong";
export const action =
  "h-7 shrink-0 whitespace-nowrap rounded-md border border-edge px-2.5 text-micro font-medium text-ink-soft hover:bg-raised hover:text-ink-strong disabled:cursor-not-allowed disabled:opacity-60";

/** Columns of the condition that move between closes or are judged later: no rule can name them. */
export const notForRules = (expression: Expression) => expression.columns.filter((name) => !isRuleColumn(name));

/** Makes the condition an alert rule of the server: it then judges every closed bar, also with the page closed. */
export function RuleForm({ expression, onDone }: { expression: Expression; onDone: () => void }) {
  const [name, setName] = useState("");
  const [state, setState] = useState<State>({ step: "asking" });
  const wrong = notForRules(expression);
  const send = (event: FormEvent) => {
    event.preventDefault();
    setState({ step: "sending" });
    addRule(name.trim(), expression.text).then(
      ({ id }) => setState({ step: "kept", id }),
      (cause: unknown) => setState({ step: "failed", why: cause instanceof Error ? cause.message : String(cause) }),
    );
  };
  if (wrong.length > 0) {
    return (
      <p role="alert" className="text-micro text-warn">
        {`A rule judges closed bars and cannot ask for ${wrong.join(", ")}: ${wrong.length === 1 ? "it moves" : "they move"} between closes or ${
          wrong.length === 1 ? "is" : "are"
        } judged after the rules. Take ${wrong.length === 1 ? "it" : "them"} out to save this as an alert.`}
      </p>
    );
  }
  if (state.step === "kept") {
    return (
      <p role="status" className="flex items-center gap-2 text-micro text-ink">
        {`Rule ${state.id} is kept. It judges from the next closed bar on and alerts when this turns true.`}
        <button type="button" className={action} onClick={onDone}>
          Done
        </button>
      </p>
    );
  }
  return (
    <form onSubmit={send} className="flex min-w-0 flex-wrap items-center gap-2">
      <label className="flex min-w-0 flex-1 items-center gap-2 text-micro text-ink-soft">
        Name of the alert
        <input type="text" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} className={input} />
      </label>
      <button type="submit" disabled={state.step === "sending" || name.trim() === ""} className={action}>
        Save as alert rule
      </button>
      <button type="button" className={action} onClick={onDone}>
        Cancel
      </button>
      {state.step === "failed" && (
        <p role="alert" className="w-full text-micro text-down">
          {`Not kept: ${state.why}`}
        </p>
      )}
    </form>
  );
}
