import { useDeferredValue, useEffect, useMemo, useState } from "react";

import { useChoice } from "../../hooks/useChoice";
import { useUrl } from "../../hooks/useUrl";
import type { Expression } from "../../lib/expression/compile";
import type { ExpressionProblem } from "../../lib/expression/problem";
import { applyFilter, type Filter, type Selection, type Thresholds } from "../../lib/filter";
import type { RowView } from "../../lib/rows";
import { currentList, WATCH } from "../../lib/watch";

type Compile = (text: string) => Expression | ExpressionProblem;

/** The reader of expressions: loaded when the first one is set. */
export function useCompiler(wanted: boolean): { compile: Compile | null; failed: boolean } {
  const [state, setState] = useState<{ compile: Compile | null; failed: boolean }>({ compile: null, failed: false });
  const { compile } = state;
  useEffect(() => {
    if (!wanted || compile !== null) return;
    let left = false;
    import("../../lib/expression/compile").then(
      (loaded) => !left && setState({ compile: loaded.tryCompile, failed: false }),
      () => !left && setState({ compile: null, failed: true }),
    );
    return () => {
      left = true;
    };
  }, [wanted, compile]);
  return state;
}

export interface Chosen extends Selection {
  /** The condition of the address as it was read; null: there is none, or it is wrong. */
  expression: Expression | null;
  /** What is wrong with the condition of the address; then it leaves nothing out. */
  problem: string | null;
  /** The condition is still being loaded: nothing may be shown yet. */
  pending: boolean;
  /** The filter that `views` was chosen by: the one of the address, or the one before. */
  filter: Filter;
  /** Keys on the current watchlist. */
  starred: ReadonlySet<string>;
}

const isExpression = (found: Expression | ExpressionProblem | null): found is Expression => found !== null && "tree" in found;

function problemOf(found: Expression | ExpressionProblem | null, failed: boolean): string | null {
  if (failed) return "The part of the page that reads filters could not be loaded. Reload the page to filter.";
  return found === null || isExpression(found) ? null : `The filter of this address cannot be read, at character ${found.position + 1}: ${found.message}`;
}

/** The rows that search, exchange, chip, watchlist and condition leave. */
export function useSelection(all: readonly RowView[], chosen: Filter, limits: Thresholds): Chosen {
  const filter = useDeferredValue(chosen);
  const text = useDeferredValue(useUrl("filter") ?? "");
  const [watch] = useChoice(WATCH);
  const { compile, failed } = useCompiler(text !== "");
  const read = useMemo(() => (text === "" || compile === null ? null : compile(text)), [text, compile]);
  const expression = isExpression(read) ? read : null;
  const starred = useMemo(() => new Set(currentList(watch).pairs), [watch]);
  const pairs = watch.only ? starred : null;
  const selection = useMemo(
    () => applyFilter(all, filter, limits, { condition: expression?.of ?? null, pairs }),
    [all, filter, limits, expression, pairs],
  );
  return {
    ...selection,
    expression,
    problem: problemOf(read, failed && text !== ""),
    pending: text !== "" && compile === null && !failed,
    filter,
    starred,
  };
}
