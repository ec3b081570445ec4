import { useMemo, useState } from "react";

import { type Condition, conditionsOf, textOf } from "../../../lib/expression/conditions";
import { columns, findColumn, type Meaning } from "../../../lib/expression/names";
import type { Node } from "../../../lib/expression/tree";
import { columnOf } from "../columns";

interface Props {
  /** The condition in force as a tree; null: none. */
  tree: Node | null;
  onText: (text: string) => void;
}

const NUMERIC = [">", ">=", "<", "<=", "=", "!="] as const;
const TEXTUAL = ["=", "!="] as const;
const LOGICAL = ["is", "is not"] as const;

const kindOf = (column: string) => findColumn(column)?.kind ?? "number";
const operatorsOf = (column: string): readonly Condition["operator"][] =>
  ({ number: NUMERIC, text: TEXTUAL, condition: LOGICAL, tier: LOGICAL })[kindOf(column)];

/** What a fresh condition on a column says, until its value is chosen. */
function fresh(column: Meaning): Condition {
  const operator = operatorsOf(column.name)[0] ?? ">";
  const value = column.kind === "number" ? "0" : column.kind === "text" ? (column.values[0] ?? "BTC") : "";
  return { column: column.name, operator, value };
}

const label = ({ name, unit }: Meaning) => {
  const known = columnOf(name);
  const word = known?.label ?? name.replaceAll("_", " ");
  return unit === "" ? word : `${word} (${unit})`;
};

const CHOICES = columns().filter(({ kind }) => kind !== "tier");

const field = "h-7 rounded-md border border-edge bg-page py-0 text-xs text-ink-strong";

interface RowProps {
  condition: Condition;
  onChange: (next: Condition) => void;
  onRemove: () => void;
}

function Value({ condition, onChange }: Omit<RowProps, "onRemove">) {
  const { values = [] } = findColumn(condition.column) ?? {};
  const name = `Value of ${condition.column}`;
  if (values.length > 0) {
    return (
      <select aria-label={name} value={condition.value} onChange={(event) => onChange({ ...condition, value: event.target.value })} className={`${field} pl-2 pr-7`}>
        {values.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    );
  }
  return <ValueField key={condition.value} name={name} value={condition.value} onCommit={(value) => onChange({ ...condition, value })} />;
}

/** Taken over when it is left or Enter is pressed, so that half a number is none. */
function ValueField({ name, value, onCommit }: { name: string; value: string; onCommit: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const commit = () => {
    if (typed.trim() !== "" && typed !== value) onCommit(typed.trim());
  };
  return (
    <input
      type="text"
      aria-label={name}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
      }}
      className={`${field} w-20 px-2 text-right font-mono`}
    />
  );
}

function Row({ condition, onChange, onRemove }: RowProps) {
  const { column, operator } = condition;
  return (
    <li className="flex items-center gap-1 rounded-lg border border-edge bg-raised/60 p-1">
      <select
        aria-label="Column"
        value={column}
        onChange={(event) => {
          const found = findColumn(event.target.value);
          if (found) onChange(fresh(found));
        }}
        className={`${field} max-w-[11rem] pl-2 pr-7`}
      >
        {CHOICES.map((choice) => (
          <option key={choice.name} value={choice.name}>
            {label(choice)}
          </option>
        ))}
      </select>
      <select
        aria-label={`Comparison of ${column}`}
        value={operator}
        onChange={(event) => onChange({ ...condition, operator: event.target.value as Condition["operator"] })}
        className={`${field} pl-2 pr-7`}
      >
        {operatorsOf(column).map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      {kindOf(column) !== "condition" && <Value condition={condition} onChange={onChange} />}
      <button type="button" aria-label={`Remove the condition on ${column}`} onClick={onRemove} className="flex h-6 w-6 items-center justify-center rounded text-ink-soft hover:bg-raised hover:text-ink-strong">
        ×
      </button>
    </li>
  );
}

/** The same condition as rows of a form: they write the text, and the text makes them. */
export function Conditions({ tree, onText }: Props) {
  const found = useMemo(() => (tree === null ? [] : conditionsOf(tree)), [tree]);
  if (found === null) {
    return <p className="text-micro text-ink-soft">This condition says more than rows can: change its text.</p>;
  }
  const write = (next: readonly Condition[]) => onText(textOf(next, kindOf));
  const first = findColumn("z_score");
  return (
    <ul aria-label="Conditions, all of which must hold" className="flex flex-wrap items-center gap-1.5">
      {found.map((condition, i) => (
        <Row
          key={`${i} ${condition.column}`}
          condition={condition}
          onChange={(next) => write(found.with(i, next))}
          onRemove={() => write(found.filter((_, other) => other !== i))}
        />
      ))}
      <li>
        <button
          type="button"
          onClick={() => first && write([...found, fresh(first)])}
          className="h-7 rounded-md border border-dashed border-edge px-2.5 text-micro font-medium text-ink-soft hover:bg-raised hover:text-ink-strong"
        >
          {found.length === 0 ? "Add a condition" : "and …"}
        </button>
      </li>
    </ul>
  );
}
