import type { Tone } from "../../lib/feeds";
import { Icon } from "../../ui/Icon";
import type { NavItem } from "../../ui/Nav";
import { FeedsDot, feedsLabel } from "./FeedsDot";

interface Props {
  views: readonly NavItem[];
  view: string;
  unread: number;
  onView: (id: string) => void;
  onRail: (shown: boolean) => void;
  /** The worst state of the exchanges; the way to them is the view "ops". */
  feeds: Tone | null;
  onHelp: () => void;
}

const item = "relative flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-[0.625rem] font-medium";
const tone = (on: boolean) => (on ? "text-accent" : "text-ink-soft");

function Unread({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span className="absolute left-1/2 top-1 ml-1.5 rounded-full bg-warn px-1 font-bold text-tremor-brand-inverted">
      {count > 99 ? "99+" : count}
      <span className="sr-only"> new</span>
    </span>
  );
}

/** The way around on a phone: the views, each over the whole screen. */
export function BottomBar({ views, view, unread, feeds, onView, onRail, onHelp }: Props) {
  const show = (id: string) => {
    onRail(false);
    onView(id);
  };
  return (
    <nav aria-label="Sections" className="flex h-14 shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden">
      {views.map(({ id, label, icon }) => (
        <button key={id} type="button" className={`${item} ${tone(id === view)}`} aria-current={id === view ? "page" : undefined} onClick={() => show(id)}>
          <span className="relative">
            <Icon name={icon} className="h-5 w-5" />
            {id === "ops" && <FeedsDot tone={feeds} className="absolute -right-1 -top-0.5" />}
          </span>
          {label}
          {id === "ops" && <span className="sr-only">, {feedsLabel(feeds)}</span>}
          {id === "alerts" && <Unread count={unread} />}
        </button>
      ))}
      <button type="button" className={`${item} ${tone(false)}`} onClick={onHelp}>
        <Icon name="help" className="h-5 w-5" />
        Help
      </button>
    </nav>
  );
}
