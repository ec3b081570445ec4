import { lazy, type ReactNode } from "react";

import type { LiveSnapshot } from "../api/live";
import type { Health, Settings } from "../api/types";
import type { AlertFeed } from "../hooks/useAlerts";
import type { CellContext } from "../panels/screener/columns";
import type { IconName } from "../ui/Icon";
import { PairsView } from "./PairsView";
import type { PageState } from "./usePage";

/** What the page holds; a view takes of it what it needs. */
export interface Board {
  page: PageState;
  live: LiveSnapshot;
  alerts: AlertFeed;
  settings: Settings | null;
  /** Takes the settings a change was answered with. */
  onSettings: (settings: Settings) => void;
  health: Health | null;
  healthFailed: boolean;
  context: CellContext;
  phone: boolean;
  /** The first rows are on the screen: what else the page needs may be loaded now. */
  settled: boolean;
}

export interface View {
  /** In the address (`?view=`); the first view has none. */
  id: string;
  label: string;
  icon: IconName;
  /** Everything but the first is loaded when it is first shown. */
  render: (board: Board) => ReactNode;
}

const AlertHistory = lazy(() => import("../panels/history/AlertHistory"));
const SettingsView = lazy(() => import("../panels/settings/Settings"));
const Markets = lazy(() => import("../panels/markets/Markets"));
const Simulate = lazy(() => import("../panels/simulate/Simulate"));
const ReplayView = lazy(() => import("./ReplayView"));
const Ops = lazy(() => import("../panels/ops/Ops"));

/** Tier 5 without settings: the documented default. */
const DIVERGENCE_SIGMA = 2;

function markets({ page, live, settings, context }: Board) {
  return (
    <Markets
      live={live}
      tf={page.tf}
      exchange={page.filter.exchange}
      search={page.filter.search}
      exchanges={page.exchanges}
      catalog={context.catalog}
      divergenceSigma={settings?.thresholds.divergence_sigma ?? DIVERGENCE_SIGMA}
      openKey={page.openKey}
      handle={page.tableRef}
      onOpen={page.open}
    />
  );
}

const simulate = ({ page, live, settings }: Board) => (
  <Simulate
    tf={page.tfShown}
    timeframes={page.timeframes}
    exchanges={page.exchanges}
    rows={live.rows}
    settings={settings}
    handle={page.tableRef}
    onChart={page.openAt}
  />
);

/** The views in the order of the navigation. */
export const VIEWS: readonly [View, ...View[]] = [
  { id: "", label: "Pairs", icon: "table", render: (board) => <PairsView board={board} /> },
  {
    id: "alerts",
    label: "Alerts",
    icon: "bell",
    render: ({ page, live, alerts, settings }) => (
      <AlertHistory
        exchange={page.filter.exchange}
        timeframes={page.timeframes}
        rows={live.rows}
        settings={settings}
        known={alerts.alerts}
        onChart={page.openAlert}
        onSeen={alerts.markRead}
      />
    ),
  },
  { id: "markets", label: "Markets", icon: "markets", render: markets },
  { id: "simulate", label: "Simulate", icon: "simulate", render: simulate },
  { id: "replay", label: "Replay", icon: "replay", render: (board) => <ReplayView board={board} /> },
  { id: "ops", label: "Ops", icon: "pulse", render: ({ health, healthFailed, live }) => <Ops health={health} failed={healthFailed} live={live} /> },
  {
    id: "settings",
    label: "Settings",
    icon: "settings",
    render: ({ page, settings, onSettings, context }) => (
      <SettingsView tf={page.tfShown} settings={settings} limits={context.limits} onSettings={onSettings} />
    ),
  },
];

/** The view of that name; the first where there is none. */
export const viewOf = (id: string): View => VIEWS.find((view) => view.id === id) ?? VIEWS[0];
