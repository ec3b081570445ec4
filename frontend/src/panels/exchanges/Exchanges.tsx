import { Dialog, DialogPanel, Title } from "@tremor/react";

import type { Health } from "../../api/types";
import { capWords } from "../../lib/feeds";
import { FeedCard } from "./FeedCard";

interface Props {
  health: Health | null;
  onClose: () => void;
}

/** Every exchange on one page: what works, what does not, and how fresh its figures can be. */
export default function Exchanges({ health, onClose }: Props) {
  const feeds = Object.entries(health?.exchanges ?? {});
  const caps = health && capWords(health);
  return (
    <Dialog open onClose={onClose} static aria-label="Exchanges">
      <DialogPanel className="max-h-[90vh] max-w-5xl overflow-y-auto bg-panel p-4 ring-edge sm:p-6">
        <div className="flex items-center">
          <Title className="text-ink-strong">Exchanges</Title>
          <button
            type="button"
            onClick={onClose}
            className="ml-auto rounded-md border border-edge px-3 py-1 text-xs text-ink-soft hover:bg-raised hover:text-ink-strong"
          >
            Close
          </button>
        </div>
        {feeds.length === 0 && <p className="mt-4 text-xs text-ink-soft">Nothing is known of them yet: no scraper has told.</p>}
        <div className="mt-4 grid gap-3 md:grid-cols-3">
          {feeds.map(([id, one]) => (
            <FeedCard key={id} id={id} health={one} at={health?.at ?? 0} />
          ))}
        </div>
        {caps && <p className="mt-4 text-xs text-ink-soft">{caps}</p>}
      </DialogPanel>
    </Dialog>
  );
}
