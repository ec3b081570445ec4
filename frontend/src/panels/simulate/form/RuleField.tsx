import { useMemo } from "react";

import { fetchRules } from "../../../api/alerts";
import { useAnswer } from "../../../hooks/useAnswer";
import { useChoice } from "../../../hooks/useChoice";
import { useUrl } from "../../../hooks/useUrl";
import { tryCompile } from "../../../lib/expression/compile";
import { isRuleColumn } from "../../../lib/expression/names";
import { ExpressionProblem } from "../../../lib/expression/problem";
import { VIEWS } from "../../../lib/savedViews";
import { ExpressionInput } from "../../../ui/ExpressionInput";
import { control, type FormProps, label, Wrong, wrongOf } from "./parts";

interface Known {
  group: string;
  name: string;
  text: string;
}

/** Conditions that somebody has made before: rules, filters of saved views, the filter of the pairs. */
function useKnown(): Known[] {
  const rules = useAnswer("rules", fetchRules);
  const [views] = useChoice(VIEWS);
  const inForce = useUrl("filter") ?? "";
  return [
    ...(inForce === "" ? [] : [{ group: "In force", name: "The filter of the pairs", text: inForce }]),
    ...(rules.data ?? []).map(({ name, expression }) => ({ group: "Your rules", name, text: expression })),
    ...views.filter(({ filter }) => filter.trim() !== "").map(({ name, filter }) => ({ group: "Saved views", name, text: filter })),
  ];
}

/** Chooses one of them; its text then stands in the line below. */
function Known({ known, text, onText }: { known: readonly Known[]; text: string; onText: (text: string) => void }) {
  const groups = [...new Set(known.map(({ group }) => group))];
  const at = known.findIndex((one) => one.text === text);
  return (
    <label className={label}>
      Saved conditions
      <select className={control} value={at} onChange={(event) => onText(known[Number(event.target.value)]?.text ?? text)}>
        <option value={-1}>Choose one…</option>
        {groups.map((group) => (
          <optgroup key={group} label={group}>
            {known.map((one, i) => one.group === group && <option key={`${one.name}${i}`} value={i}>{one.name}</option>)}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

/** What no closed bar can tell, in words; null where the condition asks for nothing of the kind. */
function livingWords(names: readonly string[]): string | null {
  const living = names.filter((name) => !isRuleColumn(name));
  if (living.length === 0) return null;
  return `Closed bars do not know ${living.join(", ")}: ${living.length === 1 ? "it moves" : "they move"} between closes or ${living.length === 1 ? "is" : "are"} judged later.`;
}

/** Where the server found the fault: it counts characters. */
const refusedAt = (text: string, position: number) => new ExpressionProblem([...text].slice(0, position).join("").length, "", "");

/** What the page itself can say against a condition: it cannot be read, or no closed bar knows it. */
function useOwnFault(text: string): { problem: ExpressionProblem | null; words: string | null } {
  const read = useMemo(() => (text.trim() === "" ? null : tryCompile(text)), [text]);
  if (read === null) return { problem: null, words: null };
  if (read instanceof ExpressionProblem) return { problem: read, words: `At character ${read.position + 1}: ${read.message}` };
  return { problem: null, words: livingWords(read.columns) };
}

/** A condition on closed bars as what opens a trade. */
export default function RuleField(props: FormProps) {
  const { form, refusal, onChange } = props;
  const known = useKnown();
  const own = useOwnFault(form.rule);
  const refused = refusal?.field === "rule" ? refusal.position : null;
  const problem = own.problem ?? (refused === null ? null : refusedAt(form.rule, refused));
  const wrong = own.words ?? wrongOf(props, "rule");
  const type = (rule: string) => onChange({ rule });
  return (
    <div className="space-y-2" data-unfit={own.words !== null}>
      {known.length > 0 && <Known known={known} text={form.rule} onText={type} />}
      <div>
        <span aria-hidden="true" className={label}>Condition on closed bars</span>
        <ExpressionInput label="Condition that opens a trade" text={form.rule} problem={problem} onText={type} />
      </div>
      {wrong !== null && <Wrong name="rule" refused={refusal?.field === "rule"}>{wrong}</Wrong>}
    </div>
  );
}
