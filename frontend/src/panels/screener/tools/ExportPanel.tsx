import { useState } from "react";

import { fetchExport } from "../../../api/exporting";
import { useChoice } from "../../../hooks/useChoice";
import { useUrl } from "../../../hooks/useUrl";
import { whole } from "../../../lib/format";
import { WATCH } from "../../../lib/watch";
import { exportQuery } from "./exportQuery";
import { saveFile } from "./saveFile";
import { button } from "./styles";
import type { ToolProps } from "./ToolPanel";

const FORMATS = [
  { id: "csv", label: "CSV" },
  { id: "parquet", label: "Parquet" },
] as const;

type State = { step: "idle" | "asking" } | { step: "done"; name: string } | { step: "failed"; why: string };

/** Exactly the pairs and columns that are shown, as a file. */
export function ExportPanel({ tf, filter, context, control, rows }: ToolProps) {
  const [state, setState] = useState<State>({ step: "idle" });
  const [watch] = useChoice(WATCH);
  const text = useUrl("filter") ?? "";
  const { columns, sort } = control.setup;
  const asked = (format: string) => exportQuery({ tf, filter, text, limits: context.limits, listed: watch.only, rows, columns, sort }, format);
  const first = asked("csv");
  const run = (format: string) => {
    const found = asked(format);
    if ("why" in found) return;
    setState({ step: "asking" });
    fetchExport(found.query).then(
      ({ name, content }) => {
        saveFile(name, content);
        setState({ step: "done", name });
      },
      (cause: unknown) => setState({ step: "failed", why: cause instanceof Error ? cause.message : String(cause) }),
    );
  };
  if ("why" in first) return <p role="status">{first.why}</p>;
  return (
    <>
      <p className="leading-5">
        {`${whole(rows.length)} pairs and the ${columns.length + 1} columns that are shown, ${tf}, in their order.`}
        {!first.ordered && <span className="text-ink-soft"> An order by tiers or marks is the page's own: the file follows the other columns of the sort.</span>}
      </p>
      <div className="mt-3 flex gap-2">
        {FORMATS.map(({ id, label }) => (
          <button key={id} type="button" disabled={state.step === "asking"} className={button} onClick={() => run(id)}>
            {`Download ${label}`}
          </button>
        ))}
      </div>
      <p role="status" className={`mt-2 text-micro ${state.step === "failed" ? "text-down" : "text-ink-soft"}`}>
        {state.step === "asking" && "The server writes the file."}
        {state.step === "done" && `${state.name} is in your downloads.`}
        {state.step === "failed" && `Not exported: ${state.why}`}
      </p>
      <p className="mt-2 text-micro leading-4 text-ink-soft">Unknown is an empty cell in CSV and null in Parquet. Figures are as the server has them at that moment.</p>
    </>
  );
}
