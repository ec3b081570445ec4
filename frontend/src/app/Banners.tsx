import type { LiveSnapshot } from "../api/live";
import type { Health } from "../api/types";
import { exchangeName } from "../lib/exchanges";
import { Banner } from "../ui/Banner";

interface Props {
  live: LiveSnapshot;
  settingsError: string | null;
  health: Health | null;
}

const FINE = new Set(["ok", "starting", "up", "live", "healthy"]);

/** What is wrong, in one sentence each; nothing when nothing is. */
export function Banners({ live, settingsError, health }: Props) {
  const offline = live.transport === "offline";
  const troubled = Object.entries(health?.exchanges ?? {}).filter(([, { state }]) => !FINE.has(state));
  return (
    <>
      {offline && (
        <Banner tone="bad">
          No connection to the server. {live.rows.length > 0 && "These are the last known figures. "}
          The page keeps trying.
        </Banner>
      )}
      {!offline && live.error !== null && <Banner tone="warn">{live.error} The page keeps trying.</Banner>}
      {!offline && settingsError !== null && (
        <Banner tone="warn">The settings could not be read: {settingsError} The page keeps trying.</Banner>
      )}
      {!offline && health?.status === "down" && (
        <Banner tone="bad">The scraper has stopped delivering: what you see is old.</Banner>
      )}
      {!offline && health?.status === "degraded" && troubled.length > 0 && (
        <Banner tone="warn">
          {troubled.map(([id, { state }]) => `${exchangeName(id)}: ${state}`).join(" · ")}. The other exchanges are not affected.
        </Banner>
      )}
    </>
  );
}
