import { useChoice } from "../../hooks/useChoice";
import { useNow } from "../../hooks/useNow";
import { allMuted, MUTE } from "../../lib/mute";
import { localTime } from "../../lib/time";
import { Icon } from "../../ui/Icon";

const HOUR_MS = 3_600_000;

const button = "rounded px-1.5 py-1 text-micro text-ink-soft hover:bg-raised hover:text-ink-strong";

/** Silence for an hour or for good, one key away. What is muted is still in the list. */
export function MuteMenu() {
  const [mute, setMute] = useChoice(MUTE);
  const now = useNow();
  if (!allMuted(mute, now)) {
    return (
      <span className="flex items-center" role="group" aria-label="Mute">
        <button type="button" className={button} title="No toast, sound or notification for an hour" onClick={() => setMute({ ...mute, all: Date.now() + HOUR_MS })}>
          Mute 1 h
        </button>
        <button type="button" className={button} title="No toast, sound or notification until you unmute" onClick={() => setMute({ ...mute, all: "always" })}>
          Mute
        </button>
      </span>
    );
  }
  const until = typeof mute.all === "number" ? `until ${localTime(mute.all, now)}` : "";
  return (
    <button type="button" className={`${button} flex items-center gap-1 text-warn`} title="Unmute" onClick={() => setMute({ ...mute, all: null })}>
      <Icon name="muted" className="h-3 w-3" />
      Muted {until} · unmute
    </button>
  );
}
