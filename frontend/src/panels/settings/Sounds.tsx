import { useEffect, useState } from "react";

import { useChoice } from "../../hooks/useChoice";
import { mayPlay, play, type Side, SIDES, SOUND, TONES, type Tone } from "../../lib/audio";
import { percent } from "../../lib/format";
import { alertStyle, alertTag, ofSlot, SLOTS } from "../../lib/tiers";
import { Block, button, input } from "../../ui/forms";

const SIDE_WORDS: Record<Side, string> = { long: "▲ Long", short: "▼ Short", neither: "No side" };

/** Becomes true with the first click or key on the page, without which browsers play nothing. */
function useMayPlay(): boolean {
  const [may, setMay] = useState(mayPlay);
  useEffect(() => {
    if (may) return undefined;
    const look = () => setMay(mayPlay());
    const events = ["pointerup", "keyup"] as const;
    events.forEach((name) => window.addEventListener(name, look));
    return () => events.forEach((name) => window.removeEventListener(name, look));
  }, [may]);
  return may;
}

/** Which alerts are heard, how loud, and how long and short differ. */
export function Sounds() {
  const [sound, setSound] = useChoice(SOUND);
  const may = useMayPlay();
  const toggle = (slot: (typeof SLOTS)[number], on: boolean) =>
    setSound({ ...sound, slots: SLOTS.filter((one) => (one === slot ? on : sound.slots.includes(one))) });
  const choose = (side: Side, tone: Tone) => {
    setSound({ ...sound, tones: { ...sound.tones, [side]: tone } });
    play(tone, sound.volume);
  };
  return (
    <Block
      title="Sound"
      about="Made in the browser, for what pops up. Browsers play nothing before you have clicked or typed something on the page since it was loaded. Of several open tabs, the one you looked at last sounds."
    >
      <fieldset className="mb-3">
        <legend className="mb-1 text-micro text-ink-faint">Heard are</legend>
        <div className="flex flex-wrap gap-x-4 gap-y-1.5">
          {SLOTS.map((slot) => (
            <label key={slot} className="flex items-center gap-1.5 text-xs text-ink">
              <input type="checkbox" className="h-4 w-4 accent-[rgb(var(--accent))]" checked={sound.slots.includes(slot)} onChange={(event) => toggle(slot, event.target.checked)} />
              {alertTag(ofSlot(slot))} {alertStyle(ofSlot(slot)).name}
            </label>
          ))}
        </div>
      </fieldset>
      <div className="flex flex-wrap items-end gap-3">
        {SIDES.map((side) => (
          <label key={side} className="flex flex-col gap-0.5 text-micro text-ink-faint">
            {SIDE_WORDS[side]}
            <select className={`${input} w-28`} value={sound.tones[side]} onChange={(event) => choose(side, TONES.find((tone) => tone === event.target.value) ?? "none")}>
              {TONES.map((tone) => (
                <option key={tone}>{tone}</option>
              ))}
            </select>
          </label>
        ))}
        <label className="flex flex-col gap-0.5 text-micro text-ink-faint">
          Volume {percent(sound.volume)}
          <input
            type="range"
            className="h-8 w-36 accent-[rgb(var(--accent))]"
            min={0}
            max={1}
            step={0.05}
            value={sound.volume}
            onChange={(event) => setSound({ ...sound, volume: Number(event.target.value) })}
          />
        </label>
        {SIDES.map((side) => (
          <button key={side} type="button" className={button} onClick={() => play(sound.tones[side], sound.volume)}>
            Test {SIDE_WORDS[side]}
          </button>
        ))}
      </div>
      <p role="status" className="mt-2 text-xs text-ink-soft">
        {may ? "This page may sound." : "This page may not sound yet: click anywhere on it once."}
      </p>
    </Block>
  );
}
