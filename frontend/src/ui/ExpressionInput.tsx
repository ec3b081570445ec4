import { type KeyboardEvent, useId, useRef, useState } from "react";

import { complete, type Suggestion } from "../lib/expression/complete";
import type { ExpressionProblem } from "../lib/expression/problem";

interface Props {
  /** What it is to a reader who does not see it. */
  label: string;
  text: string;
  problem: ExpressionProblem | null;
  onText: (text: string) => void;
}

const LETTERS = "font-mono text-xs leading-7 tracking-normal";

/** The text again, unseen, with a wavy line under what is wrong. */
function Underline({ text, problem, left }: { text: string; problem: ExpressionProblem; left: number }) {
  const { position, length } = problem;
  return (
    <div aria-hidden="true" className={`pointer-events-none absolute inset-x-0 inset-y-0 overflow-hidden border border-transparent px-2 ${LETTERS}`}>
      <div className="whitespace-pre text-transparent" style={{ transform: `translateX(${-left}px)` }}>
        {text.slice(0, position)}
        <span className="underline decoration-down decoration-wavy decoration-2 underline-offset-2">{text.slice(position, position + length) || "\u00a0"}</span>
      </div>
    </div>
  );
}

function useCompletion(text: string, wrong: boolean, onText: (text: string) => void) {
  const input = useRef<HTMLInputElement>(null);
  const [caret, setCaret] = useState<number | null>(null);
  // Nothing is chosen until the arrows choose: Enter behind a whole condition adds nothing to it.
  const [at, setAt] = useState(-1);
  const found = caret === null ? { from: 0, options: [] } : complete(text, caret);
  const { from } = found;
  // Behind a word units and joints only help where the rest can be read.
  const options = wrong && from === caret ? [] : found.options;
  const look = () => {
    setCaret(input.current?.selectionStart ?? null);
    setAt(-1);
  };
  const take = ({ insert }: Suggestion) => {
    const rest = text.slice(caret ?? text.length);
    const space = /\w$/.test(insert) && !/^\s/.test(rest) && !/[kMB]$/.test(insert.length === 1 ? insert : "") ? " " : "";
    const put = from + insert.length + space.length;
    onText(text.slice(0, from) + insert + space + rest);
    requestAnimationFrame(() => {
      input.current?.setSelectionRange(put, put);
      look();
    });
  };
  return { input, options, at, setAt, look, take, close: () => setCaret(null) };
}

/** One line for a condition: completes names, units and words, and marks what cannot be read. */
export function ExpressionInput({ label, text, problem, onText }: Props) {
  const list = useId();
  const errorId = useId();
  const [left, setLeft] = useState(0);
  const { input, options, at, setAt, look, take, close } = useCompletion(text, problem !== null, onText);
  const open = options.length > 0;
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const chosen = options[at];
    if (event.key === "ArrowDown") setAt((at + 1) % options.length);
    else if (event.key === "ArrowUp") setAt((Math.max(at, 0) + options.length - 1) % options.length);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen !== undefined) take(chosen);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="relative min-w-0 flex-1">
      <input
        ref={input}
        type="text"
        role="combobox"
        data-autofocus
        aria-label={label}
        aria-expanded={open}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={open && at >= 0 ? `${list}-${at}` : undefined}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : errorId}
        value={text}
        placeholder="z > 2 and funding < 0 and oi > 50M"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={(event) => {
          onText(event.target.value);
          look();
        }}
        onKeyDown={onKeyDown}
        onClick={look}
        onBlur={close}
        onScroll={(event) => setLeft(event.currentTarget.scrollLeft)}
        className={`h-[30px] w-full rounded-md border bg-page px-2 py-0 text-ink-strong placeholder:text-ink-faint ${LETTERS} ${problem ? "border-down" : "border-edge"}`}
      />
      {problem && <Underline text={text} problem={problem} left={left} />}
      <ul
        id={list}
        role="listbox"
        aria-label="What can be written here"
        hidden={!open}
        className="absolute left-0 top-8 z-50 max-h-64 w-80 max-w-full overflow-y-auto rounded-md border border-edge bg-panel py-1 shadow-2xl"
      >
        {options.map((option, i) => (
          <li
            key={option.insert}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === at}
            // Before the field loses the focus to it.
            onMouseDown={(event) => {
              event.preventDefault();
              take(option);
            }}
            onMouseEnter={() => setAt(i)}
            className={`flex cursor-pointer items-baseline gap-3 px-2.5 py-1 text-xs ${i === at ? "bg-raised text-ink-strong" : "text-ink"}`}
          >
            <span className="font-mono">{option.insert.trim()}</span>
            <span className="ml-auto truncate text-micro text-ink-soft">{option.hint}</span>
          </li>
        ))}
      </ul>
      <p id={errorId} hidden={problem === null} className="sr-only">
        {problem ? `At character ${problem.position + 1}: ${problem.message}` : ""}
      </p>
    </div>
  );
}
