import type { Ref } from "react";

import type { Transport } from "../../api/feed";
import { exchangeName } from "../../lib/exchanges";
import type { Tone } from "../../lib/feeds";
import { Icon } from "../../ui/Icon";
import { Nav, type NavItem } from "../../ui/Nav";
import { type Option, Segmented } from "../../ui/Segmented";
import { Connection, ModeBadge } from "./Connection";
import { FeedsDot, feedsLabel } from "./FeedsDot";

interface Props {
  views: readonly NavItem[];
  view: string;
  onView: (id: string) => void;
  mode: "live" | "simulated" | null;
  transport: Transport;
  freshAt: number | null;
  timeframes: readonly string[];
  tf: string;
  exchanges: readonly string[];
  exchange: string;
  search: string;
  unread: number;
  railOpen: boolean;
  searchRef: Ref<HTMLInputElement>;
  onTf: (tf: string) => void;
  onExchange: (exchange: string) => void;
  onSearch: (search: string) => void;
  /** The worst state of the exchanges; null before any is known. */
  feeds: Tone | null;
  onBell: () => void;
  onFeeds: () => void;
  onHelp: () => void;
}

const button = "relative flex h-8 w-8 shrink-0 items-center justify-center rounded-md border border-edge text-ink-soft hover:bg-raised hover:text-ink-strong";

function Search({ value, inputRef, onChange }: { value: string; inputRef: Ref<HTMLInputElement>; onChange: (value: string) => void }) {
  return (
    <label className="relative flex min-w-0 items-center max-md:flex-1">
      <span className="sr-only">Search a pair</span>
      <Icon name="search" className="pointer-events-none absolute left-2.5 h-3.5 w-3.5 text-ink-faint" />
      <input
        ref={inputRef}
        type="search"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder="Search"
        autoComplete="off"
        spellCheck={false}
        className="h-8 w-44 min-w-0 rounded-md border border-edge bg-panel pl-8 pr-7 text-xs text-ink-strong placeholder:text-ink-faint max-md:h-9 max-md:w-full [&::-webkit-search-cancel-button]:hidden"
      />
      <kbd aria-hidden="true" className="pointer-events-none absolute right-2 rounded border border-edge px-1 text-[0.625rem] text-ink-faint max-md:hidden">
        /
      </kbd>
    </label>
  );
}

function Bell({ unread, open, onClick }: { unread: number; open: boolean; onClick: () => void }) {
  return (
    <button
      type="button"
      className={`${button} ${open ? "bg-raised text-ink-strong" : ""}`}
      aria-expanded={open}
      aria-label={unread > 0 ? `Alerts, ${unread} new` : "Alerts"}
      title="Alerts"
      onClick={onClick}
    >
      <Icon name="bell" />
      {unread > 0 && (
        <span className="absolute -right-1.5 -top-1.5 min-w-[17px] rounded-full bg-warn px-1 text-center text-[0.625rem] font-bold leading-[17px] text-tremor-brand-inverted">
          {unread > 99 ? "99+" : unread}
        </span>
      )}
    </button>
  );
}

export function TopBar(props: Props) {
  const timeframes: Option[] = props.timeframes.map((value) => ({ value, label: value }));
  const exchanges: Option[] = [
    { value: "", label: "All" },
    ...props.exchanges.map((value) => ({ value, label: exchangeName(value) })),
  ];
  return (
    // In one line where everything fits into one.
    <header className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-panel px-3 py-2 max-md:gap-x-2 md:px-4 xl:h-[52px] xl:flex-nowrap">
      <div className="flex items-center gap-2">
        <img src="/favicon.svg" alt="" className="h-6 w-6" />
        <h1 className="text-[0.9375rem] font-semibold tracking-tight text-ink-strong max-md:text-sm xl:max-[1439px]:sr-only">
          futuresboard
        </h1>
      </div>
      <ModeBadge mode={props.mode} transport={props.transport} />
      <Connection transport={props.transport} freshAt={props.freshAt} />
      <Nav items={props.views} current={props.view} onGo={props.onView} />
      <Segmented label="Exchange" options={exchanges} value={props.exchange} onChange={props.onExchange} className="ml-auto max-lg:hidden" />
      <Segmented label="Timeframe" options={timeframes} value={props.tf} onChange={props.onTf} className="max-lg:ml-auto" />
      {/* A line of its own on a phone, whatever the one above holds yet: nothing under it moves. */}
      <div className="contents max-md:flex max-md:basis-full max-md:gap-3">
        <label className="lg:hidden">
          <span className="sr-only">Exchange</span>
          <select
            value={props.exchange}
            onChange={(event) => props.onExchange(event.target.value)}
            className="h-9 rounded-md border border-edge bg-panel px-2 text-xs text-ink-strong md:h-8"
          >
            {exchanges.map(({ value, label }) => (
              <option key={value} value={value}>
                {value === "" ? "All exchanges" : label}
              </option>
            ))}
          </select>
        </label>
        <Search value={props.search} inputRef={props.searchRef} onChange={props.onSearch} />
      </div>
      <div className="flex items-center gap-2 max-md:hidden">
        <button type="button" className={button} aria-label={feedsLabel(props.feeds)} title={`${feedsLabel(props.feeds)} (e)`} onClick={props.onFeeds}>
          <Icon name="pulse" />
          <FeedsDot tone={props.feeds} className="absolute -right-0.5 -top-0.5" />
        </button>
        <button type="button" className={button} aria-label="Help and keyboard" title="Help and keyboard (?)" onClick={props.onHelp}>
          <Icon name="help" />
        </button>
        <Bell unread={props.unread} open={props.railOpen} onClick={props.onBell} />
      </div>
    </header>
  );
}
