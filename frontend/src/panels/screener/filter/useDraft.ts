import { useEffect, useMemo, useRef, useState } from "react";

import { useUrl } from "../../../hooks/useUrl";
import { type Expression, tryCompile } from "../../../lib/expression/compile";
import { ExpressionProblem } from "../../../lib/expression/problem";
import { changeUrl } from "../../../lib/url";

/** After so long without a key the filter takes effect. */
const SETTLE_MS = 150;

export interface Draft {
  text: string;
  setText: (text: string) => void;
  /** What is typed, when it can be read. */
  expression: Expression | null;
  /** What is wrong with it, when something is. */
  problem: ExpressionProblem | null;
  /** The filter in force differs from what is typed: that cannot be read. */
  held: boolean;
}

/** The filter as it is typed: it takes effect, by way of the address, whenever it can be read. */
export function useDraft(): Draft {
  const inForce = useUrl("filter") ?? "";
  const [text, setText] = useState(inForce);
  const sent = useRef(inForce);
  // Changed elsewhere (a view, the back button): that is what stands here now.
  useEffect(() => {
    if (inForce === sent.current) return;
    sent.current = inForce;
    setText(inForce);
  }, [inForce]);
  const read = useMemo(() => (text.trim() === "" ? null : tryCompile(text)), [text]);
  const problem = read instanceof ExpressionProblem ? read : null;
  const expression = read instanceof ExpressionProblem ? null : read;
  useEffect(() => {
    const next = text.trim();
    if (problem !== null || next === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = next;
      changeUrl({ filter: next });
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text, problem]);
  return { text, setText, expression, problem, held: problem !== null && inForce !== "" };
}
