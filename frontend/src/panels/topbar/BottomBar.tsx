import type { Tone } from "../../lib/feeds";
import { Icon } from "../../ui/Icon";
import { FeedsDot, feedsLabel } from "./FeedsDot";

interface Props {
  view: "pairs" | "alerts";
  unread: number;
  onPairs: () => void;
  onAlerts: () => void;
  onSearch: () => void;
  feeds: Tone | null;
  onFeeds: () => void;
  onHelp: () => void;
}

const item = "relative flex flex-1 flex-col items-center justify-center gap-0.5 text-[0.625rem] font-medium";

/** The way around on a phone. */
export function BottomBar({ view, unread, feeds, onPairs, onAlerts, onSearch, onFeeds, onHelp }: Props) {
  const tone = (on: boolean) => (on ? "text-accent" : "text-ink-soft");
  return (
    <nav aria-label="Sections" className="flex h-14 shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden">
      <button type="button" className={`${item} ${tone(view === "pairs")}`} aria-current={view === "pairs" ? "page" : undefined} onClick={onPairs}>
        <Icon name="table" className="h-5 w-5" />
        Pairs
      </button>
      <button type="button" className={`${item} ${tone(view === "alerts")}`} aria-current={view === "alerts" ? "page" : undefined} onClick={onAlerts}>
        <Icon name="bell" className="h-5 w-5" />
        Alerts
        {unread > 0 && (
          <span className="absolute left-1/2 top-1 ml-1.5 rounded-full bg-warn px-1 font-bold text-tremor-brand-inverted">
            {unread > 99 ? "99+" : unread}
            <span className="sr-only"> new</span>
          </span>
        )}
      </button>
      <button type="button" className={`${item} ${tone(false)}`} onClick={onSearch}>
        <Icon name="search" className="h-5 w-5" />
        Search
      </button>
      <button type="button" className={`${item} ${tone(false)}`} aria-label={feedsLabel(feeds)} onClick={onFeeds}>
        <span className="relative">
          <Icon name="pulse" className="h-5 w-5" />
          <FeedsDot tone={feeds} className="absolute -right-1 -top-0.5" />
        </span>
        Exchanges
      </button>
      <button type="button" className={`${item} ${tone(false)}`} onClick={onHelp}>
        <Icon name="help" className="h-5 w-5" />
        Help
      </button>
    </nav>
  );
}
