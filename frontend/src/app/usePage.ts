import { useCallback, useMemo, useRef, useState } from "react";

import type { Alert, Settings } from "../api/types";
import { useUrl } from "../hooks/useUrl";
import { type Chip, chipOf, type Filter } from "../lib/filter";
import { pairKey } from "../lib/rows";
import { changeUrl } from "../lib/url";
import type { ScreenerHandle } from "../panels/screener/ScreenerTable";

/** What the reader has chosen and the address keeps: view, timeframe, filters, the open pair. */
function useAddress() {
  const chosenTf = useUrl("tf");
  const exchange = useUrl("exchange") ?? "";
  const search = useUrl("q") ?? "";
  const chip = chipOf(useUrl("chip"));
  const openKey = useUrl("pair");
  const filter: Filter = useMemo(() => ({ search, exchange, chip }), [search, exchange, chip]);
  const alert = useUrl("alert");
  // A link to an alert alone (of a notification) means its view.
  return { chosenTf, filter, openKey, alert, view: useUrl("view") ?? (alert === null ? "" : "alerts") };
}

const setTf = (tf: string) => changeUrl({ tf });
const setExchange = (exchange: string) => changeUrl({ exchange });
const setSearch = (q: string) => changeUrl({ q });
const setChip = (chip: Chip) => changeUrl({ chip: chip === "all" ? null : chip });
const clearFilters = () => changeUrl({ q: null, exchange: null, chip: null, filter: null });
// Tabs and an opened alert belong to the view that has them.
const setView = (view: string) => changeUrl({ view, tab: null, alert: null, pair: null, at: null }, true);
const showOps = () => setView("ops");
const showAlerts = () => setView("alerts");
const closeAlert = () => changeUrl({ view: "alerts", alert: null });
const showAlert = (alert: Alert) => changeUrl({ view: "alerts", alert: String(alert.id) }, true);

/** Views that the search narrows down; from any other it leads to the pairs. */
const SEARCHED: ReadonlySet<string> = new Set(["", "markets", "replay"]);

/** The view that shows the pair of the address, and the bar, itself: nothing stands over it. */
const OWN_PAIR = "replay";

const FRAMES = 10;

/**
 * Gives the focus back to the table. The dialog that closes lets go of the page, and restores a focus of
 * its own, within some frames: it is given until it has stayed for two.
 */
function returnFocus(give: () => void, stayed = 0, frames = FRAMES): void {
  if (stayed === 2 || frames === 0) return;
  requestAnimationFrame(() => {
    give();
    const there = document.activeElement?.closest("[role=table]") != null;
    returnFocus(give, there ? stayed + 1 : 0, frames - 1);
  });
}

/** The address, and what lasts only as long as the page: the row in focus, what stands over the page. */
export function usePage(settings: Settings | null, wide: boolean) {
  const { chosenTf, filter: asked, openKey, alert, view } = useAddress();
  const [activeKey, setActiveKey] = useState<string | null>(openKey);
  const [helpOpen, setHelpOpen] = useState(false);
  const [railChoice, setRailChoice] = useState<boolean | null>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const tableRef = useRef<ScreenerHandle>(null);

  const timeframes = useMemo(() => settings?.timeframes ?? [], [settings]);
  // A timeframe that is not recorded (an old link) is none.
  const tf = timeframes.find((known) => known === chosenTf) ?? timeframes[0] ?? null;
  const exchanges = useMemo(() => settings?.exchanges ?? [], [settings]);
  // Nor is an exchange.
  const filter = useMemo(() => (exchanges.includes(asked.exchange) ? asked : { ...asked, exchange: "" }), [asked, exchanges]);
  const railOpen = railChoice ?? wide;

  const open = useCallback((key: string, patch: { tf?: string; at?: string } = {}) => {
    setActiveKey(key);
    changeUrl({ at: null, ...patch, pair: key, ...(view === OWN_PAIR ? { view: null } : {}) }, true);
  }, [view]);
  // With the details open, moving through the table moves them along.
  const activate = useCallback(
    (key: string) => {
      setActiveKey(key);
      if (openKey !== null) changeUrl({ pair: key, at: null });
    },
    [openKey],
  );
  const openAt = useCallback((key: string, frame: string, ts: number) => open(key, { tf: frame, at: String(ts) }), [open]);
  const openAlert = useCallback((alert: Alert) => openAt(pairKey(alert), alert.timeframe, alert.ts), [openAt]);
  const closePair = useCallback(() => {
    changeUrl({ pair: null, tab: null, ...(view === OWN_PAIR ? {} : { at: null }) });
    returnFocus(() => tableRef.current?.focus(activeKey));
  }, [activeKey, view]);

  const escape = () => {
    if (helpOpen) setHelpOpen(false);
    else if (openKey !== null) closePair();
    else if (alert !== null) closeAlert();
    else if (filter.search !== "") setSearch("");
    else searchRef.current?.blur();
  };
  const nextTimeframe = () => {
    const next = timeframes[(timeframes.indexOf(tf ?? "") + 1) % timeframes.length];
    if (next !== undefined) setTf(next);
  };
  const focusSearch = () => {
    if (!SEARCHED.has(view)) setView("");
    // At once: what is typed before the next frame belongs in the field too.
    searchRef.current?.focus();
    searchRef.current?.select();
  };
  return {
    tf, tfShown: tf ?? "", exchanges, timeframes, setTf, nextTimeframe,
    filter, setExchange, setSearch, setChip, clearFilters,
    view, setView, showAlerts, showAlert,
    activeKey, activate, openKey, isOver: openKey !== null && view !== OWN_PAIR, open, openAt, openAlert, closePair,
    helpOpen, setHelpOpen, showOps, railOpen, setRail: setRailChoice,
    searchRef, tableRef, escape, focusSearch,
  };
}

export type PageState = ReturnType<typeof usePage>;
