import { useCallback, useMemo } from "react";

import { metricPanes, moved, OI_COINS, ordered, OVERLAYS, PRICE_LINE, toggled } from "../../charts/candles/panes";
import { useChoice } from "../../hooks/useChoice";
import type { Thresholds } from "../../lib/filter";
import { PANES, SHOWN_OVERLAYS } from "./choices";

const NONE: readonly string[] = [];

/** The panes of the chart as chosen: all there are, those shown, the overlays that are on. `overlaid`: can there be any? */
export function usePanes({ z, ls, imbalance, oiDelta, funding }: Thresholds, overlaid = true) {
  const [choice, setChoice] = useChoice(PANES);
  const [chosen, setOverlays] = useChoice(SHOWN_OVERLAYS);
  const overlays = overlaid ? chosen : NONE;
  const all = useMemo(() => {
    const added = OVERLAYS.flatMap(({ id, pane }) => (pane && overlays.includes(id) ? [pane] : []));
    return ordered([...metricPanes({ z, ls, imbalance, oiDelta, funding }), OI_COINS, ...added], choice);
  }, [z, ls, imbalance, oiDelta, funding, overlays, choice]);
  const panes = useMemo(() => all.filter(({ id }) => !choice.hidden.includes(id)), [all, choice]);
  const forLines = useMemo(() => [PRICE_LINE, ...panes], [panes]);
  const onPrice = useMemo(() => OVERLAYS.flatMap(({ id, lines }) => (overlays.includes(id) ? lines : [])), [overlays]);
  const move = useCallback((id: string, delta: -1 | 1) => setChoice((before) => moved(all, before, id, delta)), [all, setChoice]);
  const toggle = useCallback((id: string) => setChoice((before) => toggled(before, id)), [setChoice]);
  const toggleOverlay = useCallback(
    (id: string) => setOverlays((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before, id])),
    [setOverlays],
  );
  return { all, panes, forLines, onPrice, hidden: choice.hidden, move, toggle, overlays, toggleOverlay };
}

export type Panes = ReturnType<typeof usePanes>;
