import type { Transport } from "../../api/feed";
import { useNow } from "../../hooks/useNow";
import { age } from "../../lib/time";

const WORDS: Record<Transport, { text: string; dot: string; title: string }> = {
  connecting: { text: "connecting", dot: "bg-ink-faint", title: "Reaching for the server" },
  websocket: { text: "websocket", dot: "bg-up", title: "Figures arrive by websocket as they change" },
  polling: { text: "polling", dot: "bg-warn", title: "No websocket to be had: figures arrive by long polling" },
  http: { text: "polling", dot: "bg-warn", title: "The live stream is down: the page asks every ten seconds" },
  offline: { text: "offline", dot: "bg-down", title: "The server does not answer" },
};

const LATE_S = 90;
const DEAD_S = 300;

/** How figures arrive, and how old the newest of them is. */
export function Connection({ transport, freshAt }: { transport: Transport; freshAt: number | null }) {
  const now = useNow();
  const words = WORDS[transport];
  const seconds = freshAt === null ? null : Math.max(0, (now - freshAt) / 1000);
  const tone = seconds !== null && seconds > DEAD_S ? "text-down" : seconds !== null && seconds > LATE_S ? "text-warn" : "text-ink-strong";
  return (
    <p className="flex items-center gap-3 whitespace-nowrap text-micro text-ink-soft">
      <span title={words.title} className="flex items-center gap-1.5 max-md:hidden">
        <span aria-hidden="true" className={`h-2 w-2 rounded-full ${words.dot}`} />
        <span className="xl:max-[1439px]:sr-only">{words.text}</span>
      </span>
      <span title="Age of the newest figure on this page">
        <span className="max-md:sr-only">data age </span>
        <span className={`font-semibold ${tone}`}>{seconds === null ? "–" : age(seconds)}</span>
        {seconds !== null && seconds > LATE_S && <span className={tone}> late</span>}
      </span>
    </p>
  );
}

const badge = "rounded px-1.5 py-0.5 text-[0.625rem] font-bold tracking-wider ring-1 ring-inset";

function Mode({ mode }: { mode: "live" | "simulated" | null }) {
  if (mode === "simulated") {
    return (
      <span title="Figures come from the built-in simulated exchanges" className={`${badge} bg-warn/15 text-warn ring-warn/40`}>
        SIMULATED
      </span>
    );
  }
  if (mode === "live") return <span className={`${badge} bg-up/15 text-up ring-up/40`}>LIVE</span>;
  return <span className={`${badge} bg-raised text-ink-soft ring-edge`}>…</span>;
}

/** Never leaves a doubt whether these are market figures, and whether the server is there. */
export function ModeBadge({ mode, transport }: { mode: "live" | "simulated" | null; transport: Transport }) {
  const offline = transport === "offline";
  return (
    <span className="flex items-center gap-1.5">
      {(mode !== null || !offline) && <Mode mode={mode} />}
      {offline && (
        <span title="The server does not answer: these are the last known figures" className={`${badge} bg-down/15 text-down ring-down/40`}>
          OFFLINE
        </span>
      )}
    </span>
  );
}
