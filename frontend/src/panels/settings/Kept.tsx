import { useState } from "react";

import { forgetAll, keptChoices } from "../../lib/forget";
import { whole } from "../../lib/format";
import { Confirm } from "../../ui/Confirm";
import { Block, Fault } from "../../ui/forms";

/** What this browser remembers for the page, and how to make it forget. */
export function Kept() {
  const [fault, setFault] = useState<string | null>(null);
  const kept = keptChoices();
  const forget = async () => {
    try {
      await forgetAll();
      window.location.assign(window.location.pathname);
    } catch (cause) {
      setFault(cause instanceof Error ? cause.message : String(cause));
    }
  };
  return (
    <Block
      title="What this browser remembers"
      about="Your choices, which alerts this tab has shown, and the last rows for when the server cannot be reached. It stays in this browser; the server is told nothing of it. Thresholds, rules and alerts of the server are not touched."
    >
      {kept.length === 0 ? (
        <p className="mb-3 text-xs text-ink-soft">No choice is remembered.</p>
      ) : (
        <ul aria-label="Remembered" className="mb-3 max-w-sm">
          {kept.map(({ name, bytes }) => (
            <li key={name} className="flex justify-between border-t border-line/60 py-1 text-xs text-ink">
              {name} <span className="text-ink-faint">{whole(bytes)} bytes</span>
            </li>
          ))}
        </ul>
      )}
      <Confirm label="Forget what this browser remembers" question="Forget all of it and load the page anew?" onConfirm={() => void forget()} />
      {fault !== null && <Fault>Not all of it could be forgotten: {fault}</Fault>}
    </Block>
  );
}
