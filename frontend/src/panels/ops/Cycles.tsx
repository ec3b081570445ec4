import type { CyclesHealth } from "../../api/types";
import { exact, whole } from "../../lib/format";
import { NotTold, Part } from "./facts";
import { took } from "./words";

const nameOf = (edges: readonly number[], bucket: number) => {
  const edge = edges[bucket];
  return edge === undefined ? `over ${exact(edges[edges.length - 1] ?? 0)} s` : `up to ${exact(edge)} s`;
};

/** How long the last cycles took: a table whose rows are bars too. */
export function Cycles({ cycles }: { cycles: CyclesHealth | undefined }) {
  if (cycles === undefined) return <Part title="Cycles"><p className="text-xs"><NotTold /></p></Part>;
  const { counts, edges_s: edges, window, p50_s: p50, p99_s: p99 } = cycles;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(1, ...counts);
  return (
    <Part title="Cycles" aside={<span className="text-micro text-ink-soft">{total === 0 ? "none yet" : `the last ${whole(total)}, at most ${whole(window)}`}</span>}>
      <table className="w-full text-xs">
        <caption className="sr-only">Cycles by how long they took</caption>
        <thead className="sr-only">
          <tr>
            <th scope="col">Duration</th>
            <th scope="col">Cycles</th>
          </tr>
        </thead>
        <tbody>
          {counts.map((count, bucket) => (
            <tr key={nameOf(edges, bucket)}>
              <th scope="row" className="w-24 whitespace-nowrap py-0.5 text-left font-normal text-ink-soft">{nameOf(edges, bucket)}</th>
              <td className="py-0.5">
                <span className="flex items-center gap-2">
                  <span aria-hidden="true" className="h-2.5 flex-1 overflow-hidden rounded-sm bg-raised">
                    <span className="block h-full bg-accent/80" style={{ width: `${(count / most) * 100}%` }} />
                  </span>
                  <span className="w-12 text-right text-ink-strong">{whole(count)}</span>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {p50 !== null && <p className="mt-2 text-micro text-ink-soft">Half took up to {took(p50)}{p99 !== null && <>, 99 % up to {took(p99)}</>}.</p>}
    </Part>
  );
}
