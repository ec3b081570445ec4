import { type Ref, useEffect, useRef } from "react";

import type { LiveSnapshot } from "../../api/live";
import type { Catalog } from "../../api/types";
import { useChoice } from "../../hooks/useChoice";
import { type OpenerHandle, useOpener } from "../../hooks/useOpener";
import { useUrl } from "../../hooks/useUrl";
import { oneOf } from "../../lib/stored";
import { changeUrl } from "../../lib/url";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { Tabs } from "../../ui/Tabs";
import { Compare } from "./Compare";
import { Correlation } from "./Correlation";
import { Funding } from "./Funding";
import { Movers } from "./Movers";

export interface MarketProps {
  live: LiveSnapshot;
  tf: string | null;
  /** One exchange, or all (""). */
  exchange: string;
  search: string;
  exchanges: readonly string[];
  catalog: Catalog | null;
  /** Sigmas beyond which an exchange departs from the others (tier 5). */
  divergenceSigma: number;
  onOpen: (pair: string) => void;
}

interface Props extends MarketProps {
  /** The pair that stands over the page, if one does. */
  openKey: string | null;
  /** For whoever closes what was opened from here. */
  handle: Ref<OpenerHandle>;
}

const IDS = ["correlation", "compare", "funding", "movers"] as const;
type Tab = (typeof IDS)[number];
const LABELS: Record<Tab, string> = { correlation: "Correlation", compare: "Compare", funding: "Funding", movers: "Movers" };
const ITEMS = IDS.map((id) => ({ id, label: LABELS[id] }));
const LAST = oneOf("markets.tab", IDS, "correlation");

const VIEWS: Record<Tab, (props: MarketProps) => JSX.Element> = { correlation: Correlation, compare: Compare, funding: Funding, movers: Movers };

/** The tab of the address; else the one last shown. */
function useTab(openKey: string | null): [Tab, (tab: Tab) => void] {
  const [last, remember] = useChoice(LAST);
  const named = useUrl("tab");
  const tab = IDS.find((id) => id === named) ?? last;
  useEffect(() => {
    remember(tab);
    // An open pair has tabs of its own.
    if (openKey === null && named !== tab) changeUrl({ tab });
  }, [openKey, named, tab, remember]);
  return [tab, (next) => changeUrl({ tab: next })];
}

/** The market as a whole: what moves together, where exchanges differ, who pays, who moves. */
export default function Markets({ openKey, handle, ...props }: Props) {
  const [tab, show] = useTab(openKey);
  const panel = useRef<HTMLDivElement>(null);
  const open = useOpener(handle, panel, props.onOpen);
  const View = VIEWS[tab];
  return (
    <>
      <Tabs
        label="Market views"
        prefix="markets"
        items={ITEMS}
        current={tab}
        onChoose={(id) => show(IDS.find((known) => known === id) ?? tab)}
      />
      <div
        ref={panel}
        id="markets-panel"
        role="tabpanel"
        aria-labelledby={`markets-${tab}`}
        tabIndex={-1}
        className="flex min-h-0 flex-1 outline-none md:px-3 md:pb-3"
      >
        <ErrorBoundary key={tab} name={`The view "${LABELS[tab]}"`}>
          <View {...props} onOpen={open} />
        </ErrorBoundary>
      </div>
    </>
  );
}
