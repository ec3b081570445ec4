import type { ReactNode } from "react";

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
  health: Health | null;
  context: CellContext;
  phone: boolean;
}

export interface View {
  /** In the address (`?view=`); the first view has none. */
  id: string;
  label: string;
  icon: IconName;
  /** Everything but the first is loaded when it is first shown. */
  render: (board: Board) => ReactNode;
}

/** The views in the order of the navigation. */
export const VIEWS: readonly [View, ...View[]] = [
  { id: "", label: "Pairs", icon: "table", render: (board) => <PairsView board={board} /> },
];

/** The view of that name; the first where there is none. */
export const viewOf = (id: string): View => VIEWS.find((view) => view.id === id) ?? VIEWS[0];
