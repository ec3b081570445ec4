import { useCallback, useMemo, useRef, useState } from "react";

import type { Alert, Settings } from "../api/types";
import type { Chip, Filter } from "../lib/filter";
import { pairKey } from "../lib/rows";
import type { ScreenerHandle } from "../panels/screener/ScreenerTable";

/** What the reader has chosen: timeframe, filters, the row in focus, what is open. */
export function usePage(settings: Settings | null, wide: boolean) {
  const [chosenTf, setTf] = useState<string | null>(null);
  const [exchange, setExchange] = useState("");
  const [search, setSearch] = useState("");
  const [chip, setChip] = useState<Chip>("all");
  const [activeKey, setActiveKey] = useState<string | null>(null);
  const [openKey, setOpenKey] = useState<string | null>(null);
  const [helpOpen, setHelpOpen] = useState(false);
  const [feedsOpen, setFeedsOpen] = useState(false);
  const [railChoice, setRailChoice] = useState<boolean | null>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const tableRef = useRef<ScreenerHandle>(null);

  const timeframes = useMemo(() => settings?.timeframes ?? [], [settings]);
  const tf = chosenTf ?? timeframes[0] ?? null;
  const exchanges = settings?.exchanges ?? [];
  const railOpen = railChoice ?? wide;

  const open = useCallback((key: string) => {
    setActiveKey(key);
    setOpenKey(key);
  }, []);
  // With the details open, moving through the table moves them along.
  const activate = useCallback((key: string) => {
    setActiveKey(key);
    setOpenKey((before) => (before === null ? null : key));
  }, []);
  const openAlert = useCallback(
    (alert: Alert) => {
      setTf(alert.timeframe);
      open(pairKey(alert));
    },
    [open],
  );
  const closeDrawer = useCallback(() => {
    setOpenKey(null);
    requestAnimationFrame(() => tableRef.current?.focus(activeKey));
  }, [activeKey]);
  const clearFilters = useCallback(() => {
    setSearch("");
    setExchange("");
    setChip("all");
  }, []);

  const filter: Filter = useMemo(() => ({ search, exchange, chip }), [search, exchange, chip]);
  const escape = () => {
    if (helpOpen) setHelpOpen(false);
    else if (feedsOpen) setFeedsOpen(false);
    else if (openKey !== null) closeDrawer();
    else if (search !== "") setSearch("");
    else searchRef.current?.blur();
  };
  const nextTimeframe = () => {
    const next = timeframes[(timeframes.indexOf(tf ?? "") + 1) % timeframes.length];
    if (next !== undefined) setTf(next);
  };
  const focusSearch = () => {
    searchRef.current?.focus();
    searchRef.current?.select();
  };
  return {
    tf, tfShown: tf ?? "", exchanges, timeframes, setTf, nextTimeframe,
    filter, setExchange, setSearch, setChip, clearFilters,
    activeKey, activate, openKey, open, openAlert, closeDrawer,
    helpOpen, setHelpOpen, feedsOpen, setFeedsOpen, railOpen, setRail: setRailChoice,
    searchRef, tableRef, escape, focusSearch,
  };
}
