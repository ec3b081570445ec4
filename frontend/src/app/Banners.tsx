import type { LiveSnapshot } from "../api/live";
import type { Health } from "../api/types";
import { troubles } from "../lib/feeds";
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
  if (live.transport === "offline") {
    const shown = live.rows.length > 0 ? "These are the last known figures. " : "";
    return [{ tone: "bad", text: `No connection to the server. ${shown}The page keeps trying.` }];
  }
  const found: Message[] = [];
  if (live.error !== null) found.push({ tone: "warn", text: `${live.error} The page keeps trying.` });
  if (settingsError !== null) {
    found.push({ tone: "warn", text: `The settings could not be read: ${settingsError} The page keeps trying.` });
  }
  if (healthFailed) found.push({ tone: "warn", text: "The state of the exchanges could not be read. The page keeps trying." });
  return [...found, ...exchangeTrouble(health)];
}

/** What is wrong, in one sentence each; nothing when nothing is. */
export function Banners(props: Props) {
  return messages(props).map(({ tone, text }) => (
    <Banner key={text} tone={tone}>
      {text}
    </Banner>
  ));
}
