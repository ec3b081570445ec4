import type { Tone } from "../../lib/feeds";
import { Icon } from "../../ui/Icon";
import type { NavItem } from "../../ui/Nav";
import { FeedsDot, feedsLabel } from "./FeedsDot";

interface Props {
  views: readonly NavItem[];
  view: string;
  unread: number;
  railOpen: boolean;
  onView: (id: string) => void;
  onRail: (shown: boolean) => void;
  feeds: Tone | null;
  onFeeds: () => void;
  onHelp: () => void;
}

const item = "relative flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-[0.625rem] font-medium";
const tone = (on: boolean) => (on ? "text-accent" : "text-ink-soft");

/** The way around on a phone. */
export function BottomBar({ views, view, unread, railOpen, feeds, onView, onRail, onFeeds, onHelp }: Props) {
  const alertsShown = view === "" && railOpen;
  const show = (id: string) => {
    onRail(false);
    onView(id);
  };
  const showAlerts = () => {
    onView("");
    onRail(true);
  };
  return (
    <nav aria-label="Sections" className="flex h-14 shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden">
      {views.map(({ id, label, icon }) => {
        const on = id === view && !alertsShown;
        return (
          <button key={id} type="button" className={`${item} ${tone(on)}`} aria-current={on ? "page" : undefined} onClick={() => show(id)}>
            <Icon name={icon} className="h-5 w-5" />
            {label}
          </button>
        );
      })}
      <button type="button" className={`${item} ${tone(alertsShown)}`} aria-current={alertsShown ? "page" : undefined} onClick={showAlerts}>
        <Icon name="bell" className="h-5 w-5" />
        Alerts
        {unread > 0 && (
          <span className="absolute left-1/2 top-1 ml-1.5 rounded-full bg-warn px-1 font-bold text-tremor-brand-inverted">
            {unread > 99 ? "99+" : unread}
            <span className="sr-only"> new</span>
          </span>
        )}
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
