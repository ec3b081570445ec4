import { useEffect, useState } from "react";

import { sendTest } from "../../api/alerts";
import type { NotifyResult } from "../../api/types";
import { useChoice } from "../../hooks/useChoice";
import { useNow } from "../../hooks/useNow";
import { exchangeName } from "../../lib/exchanges";
import { allMuted, MUTE, withPair } from "../../lib/mute";
import { askPermission, NOTIFY, type Permission, permission } from "../../lib/notify";
import { localTime } from "../../lib/time";
import { alertStyle, alertTag, ofSlot, SLOTS } from "../../lib/tiers";
import { MODE_WORDS, MODES, POPUPS } from "../../lib/toastPolicy";
import { Block, button, Fault, input } from "../../ui/forms";
import { Sounds } from "./Sounds";

function PopUps() {
  const [popups, setPopUps] = useChoice(POPUPS);
  return (
    <Block
      title="What pops up"
      about="Every alert is in the list; this says which of them interrupt. The largest are the 50 pairs with the most open interest. One coin is one toast, four coins or more fold into one, and the same kind of the same coin rests 30 s to 5 minutes."
    >
      <div className="grid gap-x-8 md:grid-cols-2">
        {SLOTS.map((slot) => {
          const style = alertStyle(ofSlot(slot));
          return (
            <label key={slot} className="flex items-center justify-between gap-3 border-t border-line/60 py-1.5 text-xs text-ink">
              <span>
                <span className={`mr-1.5 font-bold ${style.text}`}>{alertTag(ofSlot(slot))}</span> {style.name}
              </span>
              <select
                className={`${input} w-56`}
                value={popups[slot]}
                onChange={(event) => setPopUps({ ...popups, [slot]: MODES.find((mode) => mode === event.target.value) ?? popups[slot] })}
              >
                {MODES.map((mode) => (
                  <option key={mode} value={mode}>
                    {MODE_WORDS[mode]}
                  </option>
                ))}
              </select>
            </label>
          );
        })}
      </div>
    </Block>
  );
}

const HOUR_MS = 3_600_000;

function Muting() {
  const [mute, setMute] = useChoice(MUTE);
  const now = useNow();
  const muted = allMuted(mute, now);
  const until = typeof mute.all === "number" ? ` until ${localTime(mute.all, now)}` : "";
  return (
    <Block title="Mute" about="What is muted is in the list and nowhere else: no toast, no sound, no notification of the browser. What the server sends elsewhere is not muted by it.">
      <div className="flex flex-wrap items-center gap-2">
        {muted ? (
          <button type="button" className={button} onClick={() => setMute({ ...mute, all: null })}>
            Unmute all
          </button>
        ) : (
          <>
            <button type="button" className={button} onClick={() => setMute({ ...mute, all: Date.now() + HOUR_MS })}>
              Mute all for 1 h
            </button>
            <button type="button" className={button} onClick={() => setMute({ ...mute, all: "always" })}>
              Mute all
            </button>
          </>
        )}
        <span role="status" className="text-xs text-ink-soft">
          {muted ? `Everything is muted${until}.` : "Not everything is muted."}
        </span>
      </div>
      {mute.pairs.length === 0 ? (
        <p className="mt-2 text-xs text-ink-soft">No pair is muted. A toast has a button for its own.</p>
      ) : (
        <ul className="mt-2 flex flex-wrap gap-2">
          {mute.pairs.map((key) => {
            const [exchange = "", symbol = ""] = key.split("|");
            return (
              <li key={key}>
                <button type="button" className={button} onClick={() => setMute(withPair(mute, key, false))}>
                  {symbol} on {exchangeName(exchange)} · unmute
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Block>
  );
}

const SAID: Record<Permission, string> = {
  granted: "The browser allows them.",
  denied: "The browser refuses them for this page: allow them in its settings for this site.",
  default: "The browser will ask when you turn them on.",
  absent: "This browser has none, or not for a page that is served neither over https nor from this machine.",
};

function Notifications() {
  const [on, setOn] = useChoice(NOTIFY);
  const [allowed, setAllowed] = useState<Permission>(permission);
  useEffect(() => {
    const look = () => setAllowed(permission());
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, []);
  const turn = async (wanted: boolean) => {
    setOn(wanted);
    if (!wanted) return;
    const answer = await askPermission();
    setAllowed(answer);
    if (answer !== "granted") setOn(false);
  };
  return (
    <Block title="Notifications of the browser" about="For what pops up while no tab of this page can be seen. One tab sends them, however many are open.">
      <label className="flex items-center gap-2 text-xs text-ink">
        <input type="checkbox" className="h-4 w-4 accent-[rgb(var(--accent))]" checked={on && allowed === "granted"} disabled={allowed === "absent"} onChange={(event) => void turn(event.target.checked)} />
        Notify me
      </label>
      <p role="status" className="mt-1 text-xs text-ink-soft">
        {SAID[allowed]}
      </p>
    </Block>
  );
}

type Sent = { sent: NotifyResult[] } | { fault: string } | null;

function ServerSide() {
  const [answer, setAnswer] = useState<Sent>(null);
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    try {
      setAnswer({ sent: await sendTest() });
    } catch (cause) {
      setAnswer({ fault: cause instanceof Error ? cause.message : String(cause) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Block title="Sent by the server" about="Telegram, Discord, e-mail, webhooks: the targets in NOTIFY_URLS, told whether this page is open or not.">
      <button type="button" className={button} disabled={busy} onClick={() => void test()}>
        {busy ? "Sending…" : "Send a test to every target"}
      </button>
      {answer && "fault" in answer && <Fault>{answer.fault}</Fault>}
      {answer && "sent" in answer && (
        <ul role="status" className="mt-2 text-xs text-ink">
          {answer.sent.map(({ target, ok, reason, took_s: took }) => (
            <li key={target} className={ok ? "" : "text-down"}>
              {ok ? "✓" : "✗"} {target}: {ok ? `taken in ${took} s` : (reason ?? "not taken")}
            </li>
          ))}
        </ul>
      )}
    </Block>
  );
}

/** How the reader is told of alerts, on this page and elsewhere. */
export function AlertSettings() {
  return (
    <>
      <PopUps />
      <Sounds />
      <Muting />
      <Notifications />
      <ServerSide />
    </>
  );
}
