import { keeper } from "../api/kept";
import type { LiveSnapshot } from "../api/live";
import type { Health } from "../api/types";
import { useNow } from "../hooks/useNow";
import { useUpdate } from "../hooks/useUpdate";
import { troubles } from "../lib/feeds";
import { localTime, roughAge, utcTime } from "../lib/time";
import { Banner } from "../ui/Banner";

interface Props {
  live: LiveSnapshot;
  settingsError: string | null;
  health: Health | null;
  healthFailed: boolean;
}

interface Message {
  tone: "warn" | "bad";
  text: string;
}

function exchangeTrouble(health: Health | null): Message[] {
  if (health?.status === "down") return [{ tone: "bad", text: "The scraper has stopped delivering: what you see is old." }];
  if (health?.status !== "degraded") return [];
  const names = troubles(health, Date.now()).join(" · ");
  return names === "" ? [] : [{ tone: "warn", text: `${names}. The other exchanges are not affected.` }];
}

function messages({ live, settingsError, health, healthFailed }: Props): Message[] {
  const found: Message[] = [];
  if (live.error !== null) found.push({ tone: "warn", text: `${live.error} The page keeps trying.` });
  if (settingsError !== null && settingsError !== live.error) {
    found.push({ tone: "warn", text: `The settings could not be read: ${settingsError} The page keeps trying.` });
  }
  if (healthFailed) found.push({ tone: "warn", text: "The state of the exchanges could not be read. The page keeps trying." });
  return [...found, ...exchangeTrouble(health)];
}

/** The moment the newest figure was true, and how long ago that is: it counts on without a server. */
function Moment({ at }: { at: number }) {
  const now = useNow();
  return (
    <>
      figures of <time dateTime={new Date(at).toISOString()} title={utcTime(at)}>{localTime(at, now)}</time>,{" "}
      {/* Counts on in silence: the alert around it is spoken once. */}
      <span aria-live="off">{roughAge((now - at) / 1000)} old</span>
    </>
  );
}

const isAnswer = (error: string | null) => error !== null && error !== "The server does not answer.";

/** Without a server: what is shown, from when, and why. */
function Offline({ live }: { live: LiveSnapshot }) {
  const why = isAnswer(live.error) ? ` ${live.error ?? ""}` : "";
  if (live.freshAt === null) {
    const trouble = keeper.trouble === null ? "" : ` (nothing is kept in this browser: ${keeper.trouble})`;
    return <Banner tone="bad">Offline: no figures from before{trouble}.{why} The page keeps trying.</Banner>;
  }
  return (
    <Banner tone="bad">
      Offline: <Moment at={live.freshAt} />.{why} The page keeps trying.
    </Banner>
  );
}

/** A newer page is ready: quiet, and nothing happens before the reader says so. */
function Update() {
  const { ready, reload } = useUpdate();
  if (!ready) return null;
  return (
    <Banner tone="quiet">
      A new version of this page is ready.{" "}
      <button type="button" onClick={reload} className="ml-1 rounded border border-edge px-2 py-0.5 font-semibold text-ink-strong hover:bg-raised">
        Reload
      </button>
    </Banner>
  );
}

/** What is wrong, in one sentence each; nothing when nothing is. */
export function Banners(props: Props) {
  const { live } = props;
  const offline = live.transport === "offline";
  return (
    <>
      <Update />
      {offline && <Offline live={live} />}
      {!offline && live.kept && live.freshAt !== null && (
        <Banner tone="warn">
          From an earlier visit: <Moment at={live.freshAt} />. The server has not answered yet.
        </Banner>
      )}
      {!offline &&
        messages(props).map(({ tone, text }) => (
          <Banner key={text} tone={tone}>
            {text}
          </Banner>
        ))}
    </>
  );
}
