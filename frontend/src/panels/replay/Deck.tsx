import { type ReactNode, useMemo, useState } from "react";

import { useChoice } from "../../hooks/useChoice";
import { neighbour, type Noted } from "../../lib/playback/marks";
import { viewsOf } from "../../lib/playback/frame";
import { following } from "../../lib/playback/player";
import { pairKey, type RowView } from "../../lib/rows";
import { changeUrl } from "../../lib/url";
import { Segmented } from "../../ui/Segmented";
import { AlertsAlong } from "./AlertsAlong";
import { AtBar } from "./AtBar";
import { BLIND } from "./choices";
import { Controls } from "./Controls";
import { type Charted, PairChart } from "./PairChart";
import { Scrubber } from "./Scrubber";
import { ReaderStatus, Waiting } from "./Status";
import { type Playing, usePlayer } from "./usePlayer";
import { useReplayKeys } from "./useReplayKeys";
import { type StretchAlerts, useStretchAlerts } from "./useStretchAlerts";
import type { Found, Scope } from "./useStretch";

/** What the page puts into the replay: its table and its chart. */
export interface Slots {
  table: (rows: readonly RowView[], chosen: string | null, onChoose: (key: string | null) => void) => ReactNode;
  chart: (charted: Charted) => ReactNode;
}

export interface DeckProps extends Slots {
  scope: Scope;
  found: Found;
  /** `exchange|symbol` of the pair whose chart is shown. */
  pair: string | null;
  phone: boolean;
}

const choosePair = (pair: string | null) => changeUrl({ pair });

type Part = "table" | "chart" | "bar" | "alerts";

interface Parts extends DeckProps {
  playing: Playing;
  /** Those that may be told. */
  along: StretchAlerts;
  onGo: (alert: Noted) => void;
  onChoose: (pair: string | null) => void;
}

function Table({ playing: { frame, player }, scope, pair, table, onChoose }: Parts) {
  const rows = useMemo(() => (frame === null ? [] : viewsOf(frame, scope.tf)), [frame, scope.tf]);
  if (frame === null) return <Waiting at={player.at} />;
  if (rows.length === 0) {
    return (
      <p role="status" className="p-8 text-center text-xs leading-5 text-ink-soft">
        No pair had this bar by then: nobody recorded at that time.
        {scope.as === "seen" && " Its final values, if it was filled later, are shown as revised."}
      </p>
    );
  }
  return <>{table(rows, pair, onChoose)}</>;
}

function Bar({ playing: { frame, before, player }, onGo, onChoose }: Parts) {
  return frame === null ? <Waiting at={player.at} /> : <AtBar frame={frame} before={before} onGo={onGo} onPair={onChoose} />;
}

function Along({ playing, along, scope, onGo }: Parts) {
  return <AlertsAlong {...along} at={playing.player.at} partial={scope.as === "revised"} onGo={onGo} />;
}

function Chart({ pair, scope, playing, found, along, chart, onChoose }: Parts) {
  if (pair === null) return <p role="status" className="p-8 text-center text-xs text-ink-soft">Choose a pair in the table: its chart follows bar by bar.</p>;
  return (
    <PairChart key={pair} pair={pair} scope={scope} playing={playing} recorded={found.recorded} alerts={along.alerts} draw={chart} onClose={() => onChoose(null)} />
  );
}

const RAIL = [
  { value: "bar", label: "This bar" },
  { value: "alerts", label: "Alerts" },
];
const PARTS = [{ value: "table", label: "Table" }, { value: "chart", label: "Chart" }, ...RAIL];
const BOX = "flex min-h-0 flex-col overflow-hidden bg-panel md:rounded-lg md:border md:border-line";

/** Side by side: the table, the chart of the chosen pair, what happened. */
function Desk(parts: Parts) {
  const [rail, setRail] = useState("bar");
  const open = parts.pair !== null;
  return (
    <div className="flex min-h-0 flex-1 gap-2">
      <div className={`${BOX} ${open ? "w-[30rem] shrink-0 max-xl:w-[20rem]" : "min-w-0 flex-1"}`}>
        <Table {...parts} />
      </div>
      {open && (
        <div className={`${BOX} min-w-0 flex-1`}>
          <Chart {...parts} />
        </div>
      )}
      <aside aria-label="What happened" className={`${BOX} w-80 shrink-0 max-lg:w-64`}>
        <div className="flex shrink-0 items-center gap-2 border-b border-line px-2 py-1.5">
          <Segmented label="What is listed" options={RAIL} value={rail} onChange={setRail} />
        </div>
        {rail === "bar" ? <Bar {...parts} /> : <Along {...parts} />}
      </aside>
    </div>
  );
}

const SHOW: Record<Part, (parts: Parts) => JSX.Element> = { table: Table, chart: Chart, bar: Bar, alerts: Along };

/** One thing at a time. */
function Phone(parts: Parts) {
  const [chosen, setPart] = useState<Part>(parts.pair === null ? "table" : "chart");
  const Shown = SHOW[chosen];
  const onChoose = (pair: string | null) => {
    parts.onChoose(pair);
    setPart(pair === null ? "table" : "chart");
  };
  const onGo = (alert: Noted) => {
    parts.onGo(alert);
    setPart("chart");
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex shrink-0 items-center overflow-x-auto border-b border-line px-3 py-1.5">
        <Segmented label="What is shown" options={PARTS} value={chosen} onChange={(value) => setPart(value as Part)} />
      </div>
      <div className="flex min-h-0 flex-1 flex-col bg-panel">
        <Shown {...parts} onChoose={onChoose} onGo={onGo} />
      </div>
    </div>
  );
}

function BlindToggle() {
  const [blind, setBlind] = useChoice(BLIND);
  return (
    <button
      type="button"
      aria-pressed={blind}
      title="Marks and list end at the bar that is shown"
      onClick={() => setBlind(!blind)}
      className="h-8 rounded-md border border-edge px-2.5 text-xs text-ink-soft hover:bg-raised hover:text-ink-strong aria-pressed:border-accent aria-pressed:text-accent"
    >
      Hide alerts to come
    </button>
  );
}

/** Alerts within the stretch; those to come may be hidden. */
function useTold(playing: Playing, known: StretchAlerts, blind: boolean): StretchAlerts {
  const { at } = playing.player;
  const until = blind ? at : Infinity;
  return useMemo(() => (until === Infinity ? known : { ...known, alerts: known.alerts.filter(({ ts }) => ts <= until) }), [known, until]);
}

/** A replay: its player, and everything that follows it. */
export function Deck(props: DeckProps) {
  const { scope, found, phone, pair } = props;
  const { stretch } = found;
  const playing = usePlayer(scope, stretch);
  const { player, dispatch, reader } = playing;
  const known = useStretchAlerts(scope, stretch, reader);
  const inside = useMemo(() => known.alerts.filter(({ ts }) => ts >= stretch.start), [known, stretch.start]);
  const [blind] = useChoice(BLIND);
  const told = useTold(playing, useMemo(() => ({ ...known, alerts: inside }), [known, inside]), blind);
  const mine = useMemo(() => (pair === null ? told.alerts : told.alerts.filter((alert) => pairKey(alert) === pair)), [told, pair]);
  const near = { previous: neighbour(mine, player.at, -1), next: neighbour(mine, player.at, 1) };
  useReplayKeys(player, near, dispatch);
  const coming = following(player);
  const stalled = !reader.has(player.at) || (player.playing && coming !== null && !reader.has(coming));
  const onGo = (alert: Noted) => {
    dispatch({ do: "seek", at: alert.ts });
    choosePair(pairKey(alert));
  };
  const parts: Parts = { ...props, playing, along: told, onGo, onChoose: choosePair };
  return (
    <>
      <div className="shrink-0 bg-panel px-3 py-2 md:rounded-lg md:border md:border-line">
        <Scrubber player={player} dispatch={dispatch} alerts={inside} blind={blind} />
        <Controls player={player} dispatch={dispatch} {...near} stalled={stalled}>
          <BlindToggle />
        </Controls>
      </div>
      <ReaderStatus state={reader.state} waiting={stalled} onRetry={reader.retry} />
      {phone ? <Phone {...parts} /> : <Desk {...parts} />}
    </>
  );
}
