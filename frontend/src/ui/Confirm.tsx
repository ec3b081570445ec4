import { useState } from "react";

interface Props {
  /** What the button does; asked again before it is done. */
  label: string;
  question: string;
  onConfirm: () => void;
  className?: string;
}

const base = "rounded-md border px-2.5 py-1.5 text-xs";

/** A button for what cannot be taken back: the first press asks, the second does it. */
export function Confirm({ label, question, onConfirm, className = "" }: Props) {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <button type="button" onClick={() => setAsked(true)} className={`${base} border-edge text-ink-strong hover:bg-raised ${className}`}>
        {label}
      </button>
    );
  }
  const confirm = () => {
    setAsked(false);
    onConfirm();
  };
  return (
    <span role="group" aria-label={question} className={`flex flex-wrap items-center gap-2 text-xs text-ink ${className}`}>
      {question}
      {/* The question takes the place of the button somebody has just pressed. */}
      <button type="button" ref={(button) => button?.focus()} onClick={confirm} className={`${base} border-down/60 text-down hover:bg-down/10`}>
        Yes
      </button>
      <button type="button" onClick={() => setAsked(false)} className={`${base} border-edge text-ink-strong hover:bg-raised`}>
        No
      </button>
    </span>
  );
}
