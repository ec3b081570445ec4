import { columnOf } from "./columns";
import type { Tip } from "./useTip";

const WIDTH = 280;
const MARGIN = 8;

/** The words of a cell beside it, and a frame around the cell. */
export function TipBox({ tip }: { tip: Tip }) {
  const { left, top, width, height } = tip.box;
  const column = columnOf(tip.column);
  const x = Math.max(MARGIN, Math.min(left, window.innerWidth - WIDTH - MARGIN));
  const below = top + height + 200 < window.innerHeight;
  const y = below ? { top: top + height + 4 } : { bottom: window.innerHeight - top + 4 };
  return (
    <>
      <span aria-hidden="true" className="pointer-events-none fixed z-40 rounded-sm ring-2 ring-inset ring-accent" style={{ left, top, width, height }} />
      <div role="status" className="pointer-events-none fixed z-40 rounded-md border border-edge bg-panel p-2.5 text-micro leading-4 text-ink shadow-xl" style={{ left: x, width: WIDTH, ...y }}>
        {column && <p className="mb-1 font-semibold text-ink-strong">{`${column.label}, ${column.unit}`}</p>}
        {tip.lines.map((line, i) => (
          <p key={`${i} ${line}`} className="break-words">
            {line}
          </p>
        ))}
      </div>
    </>
  );
}
