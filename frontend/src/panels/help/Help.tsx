import { Dialog, DialogPanel, Title } from "@tremor/react";

import type { Catalog } from "../../api/types";
import { SEVERITY, tierStyle } from "../../lib/tiers";
import { TierChip } from "../../ui/TierChip";

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "search a pair"],
  ["↑ ↓", "move through the rows"],
  ["PgUp PgDn", "move by a screenful; Home and End to the ends"],
  ["← →", "along the row: what each cell says exactly"],
  ["Enter", "open the details of a row"],
  ["Esc", "close, or clear the search"],
  ["t", "next timeframe"],
  ["w or s", "put the row on the watchlist, or take it off"],
  ["f", "filter by a condition of your own"],
  ["v", "views: switch, save, share"],
  ["l", "watchlists"],
  ["c", "columns, their order, density"],
  ["x", "export what is shown"],
  ["m", "on a heading: what the column means, sort, move, hide"],
  ["a", "show or hide the alerts"],
  ["e", "state of the exchanges and the server"],
  ["?", "this help"],
];

const REPLAY_KEYS: readonly (readonly [string, string])[] = [
  ["space", "play, pause"],
  [", .", "one bar back, one bar on"],
  ["Home End", "to the first and the last bar, outside of the table"],
  ["p n", "to the alert before, to the next one; of the chosen pair where one is chosen"],
  ["b", "mark this bar as one end of a loop, then the other; once more: no loop"],
  ["1 to 5", "speed: 1, 2, 5, 10, 20 bars a second"],
];

const MARKS: readonly (readonly [string, string])[] = [
  ["–", "the exchange does not publish it; the reason stands in the tooltip"],
  ["refused", "hatched: the raw value failed a guard and feeds nothing"],
  ["gap", "bars were missed here, and the exchange keeps no history that could fill it"],
  ["warming", "its window is not full yet"],
  ["?", "not known: an input of this bar is missing"],
  ["◆", "something to know about the row: late, revised, assumed"],
  ["grey row", "stale: the exchange has not spoken in time"],
];

interface Props {
  catalog: Catalog | null;
  onClose: () => void;
}

const heading = "mb-2 mt-5 text-micro font-medium uppercase tracking-wider text-ink-faint";

function Keys({ keys }: { keys: typeof KEYS }) {
  return (
    <dl className="space-y-1.5 text-xs">
      {keys.map(([key, what]) => (
        <div key={key} className="flex gap-3">
          <dt className="w-[5.5rem] shrink-0">
            <kbd className="rounded border border-edge bg-raised px-1.5 py-0.5 font-sans text-micro text-ink-strong">{key}</kbd>
          </dt>
          <dd className="text-ink">{what}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Keys, marks and tiers on one page. */
export default function Help({ catalog, onClose }: Props) {
  const docs = new Map(catalog?.tiers.map((tier) => [tier.tier, tier.doc]));
  return (
    <Dialog open onClose={onClose} static aria-label="Help and keyboard">
      <DialogPanel className="max-h-[85vh] max-w-2xl overflow-y-auto bg-panel p-6 ring-edge">
        <div className="flex items-center">
          <Title className="text-ink-strong">Help and keyboard</Title>
          <button
            type="button"
            onClick={onClose}
            className="ml-auto rounded-md border border-edge px-3 py-1 text-xs text-ink-soft hover:bg-raised hover:text-ink-strong"
          >
            Close
          </button>
        </div>
        <div className="grid gap-x-8 sm:grid-cols-2">
          <section>
            <h3 className={heading}>Keyboard</h3>
            <Keys keys={KEYS} />
            <p className="mt-3 text-xs leading-5 text-ink-soft">
              Click a heading to sort; hold Shift to sort by several. Unknown values stand last either way. On a touch screen,
              hold a figure to read what it is made of.
            </p>
          </section>
          <section>
            <h3 className={heading}>Marks</h3>
            <dl className="space-y-1.5 text-xs">
              {MARKS.map(([mark, what]) => (
                <div key={mark} className="flex gap-3">
                  <dt className="w-16 shrink-0 text-ink-strong">
                    <span className={mark === "refused" ? "hatched rounded-sm px-1 text-warn" : ""}>{mark}</span>
                  </dt>
                  <dd className="text-ink">{what}</dd>
                </div>
              ))}
            </dl>
            <h3 className={heading}>Keyboard in the replay</h3>
            <Keys keys={REPLAY_KEYS} />
          </section>
        </div>
        <h3 className={heading}>Tiers, most severe first</h3>
        <ul className="space-y-2 text-xs">
          {SEVERITY.map((tier) => (
            <li key={tier} className="flex items-baseline gap-3">
              <TierChip tier={tier} />
              <span>
                <span className="font-semibold text-ink-strong">{tierStyle(tier).name}</span>
                <span className="text-ink-soft">: {docs.get(tier) ?? tierStyle(tier).short}</span>
              </span>
            </li>
          ))}
        </ul>
      </DialogPanel>
    </Dialog>
  );
}
