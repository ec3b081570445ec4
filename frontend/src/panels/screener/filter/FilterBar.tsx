import { useEffect, useState } from "react";

import type { Expression } from "../../../lib/expression/compile";
import type { ExpressionProblem } from "../../../lib/expression/problem";
import { simulateCondition } from "../../../lib/simulation/start";
import { changeUrl } from "../../../lib/url";
import { Conditions } from "./Conditions";
import { ExpressionInput } from "../../../ui/ExpressionInput";
import { action, RuleForm } from "./RuleForm";
import { useDraft } from "./useDraft";

interface Props {
  onClose: () => void;
  /** One under the other, as a phone needs it. */
  stacked?: boolean;
}

function Trouble({ problem, held }: { problem: ExpressionProblem; held: boolean }) {
  return (
    <p role="status" className="text-micro leading-4 text-down">
      {`At character ${problem.position + 1}: ${problem.message}`}
      {held && <span className="text-ink-soft"> Until then the filter before this stays in force.</span>}
    </p>
  );
}

/** Puts the address, which holds the filter, on the clipboard. */
function CopyLink() {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), 2500);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => {
    const address = window.location.href;
    // Without a secure context there is no clipboard to write to.
    const written = "clipboard" in navigator ? navigator.clipboard.writeText(address) : Promise.reject(new Error("no clipboard"));
    written.then(
      () => setSaid("Copied"),
      () => setSaid("Copy the address bar"),
    );
  };
  return (
    <button type="button" className={action} title="A link that opens the page with this filter" onClick={copy}>
      <span aria-live="polite">{said ?? "Copy link"}</span>
    </button>
  );
}

interface ActionsProps {
  expression: Expression | null;
  asRule: boolean;
  clear: string;
  onRule: () => void;
  onClear: () => void;
}

function Actions({ expression, asRule, clear, onRule, onClear }: ActionsProps) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <CopyLink />
      <button type="button" className={action} disabled={expression === null} aria-expanded={asRule} onClick={onRule}>
        Save as alert…
      </button>
      <button type="button" className={action} disabled={expression === null} title="What trades on it would have been worth" onClick={() => expression && simulateCondition(expression.text.trim())}>
        Simulate…
      </button>
      <button type="button" className={action} onClick={onClear}>
        {clear}
      </button>
    </div>
  );
}

/** A condition of the reader's own: as text, as rows, as a link, as an alert. */
export default function FilterBar({ onClose, stacked = false }: Props) {
  const { text, setText, expression, problem, held } = useDraft();
  const [asRule, setAsRule] = useState(false);
  const clear = () => {
    setText("");
    changeUrl({ filter: null });
    onClose();
  };
  return (
    <div role="group" aria-label="Filter" className={`flex shrink-0 flex-col gap-2 ${stacked ? "" : "border-b border-line px-3 py-2"}`}>
      <div className={`flex gap-2 ${stacked ? "flex-col" : "items-center"}`}>
        <ExpressionInput label="Filter by a condition" text={text} problem={problem} onText={setText} />
        <Actions expression={expression} asRule={asRule} clear={stacked ? "Clear the filter" : "Clear and close"} onRule={() => setAsRule(!asRule)} onClear={clear} />
      </div>
      {problem ? <Trouble problem={problem} held={held} /> : <Conditions tree={expression?.tree ?? null} onText={setText} />}
      {asRule && expression && <RuleForm key={expression.text} expression={expression} onDone={() => setAsRule(false)} />}
    </div>
  );
}
