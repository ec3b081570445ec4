import type { Alert } from "../api/types";
import type { Choice } from "./stored";
import { type Slot, SLOTS } from "./tiers";

export const TONES = ["rising", "falling", "bell", "double", "none"] as const;

export type Tone = (typeof TONES)[number];

export const SIDES = ["long", "short", "neither"] as const;

export type Side = (typeof SIDES)[number];

export interface Sound {
  slots: readonly Slot[];
  /** 0 to 1. */
  volume: number;
  /** By the side the alert names. */
  tones: Readonly<Record<Side, Tone>>;
}

const DEFAULT: Sound = { slots: ["t2", "t6"], volume: 0.5, tones: { long: "rising", short: "falling", neither: "bell" } };

function read(stored: unknown): Sound | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { slots, volume, tones } = stored as Partial<Record<string, unknown>>;
  if (!Array.isArray(slots) || typeof volume !== "number" || typeof tones !== "object" || tones === null) return null;
  const told = tones as Record<string, unknown>;
  const toneOf = (side: Side) => TONES.find((tone) => tone === told[side]) ?? DEFAULT.tones[side];
  return {
    slots: SLOTS.filter((slot) => slots.includes(slot)),
    volume: Math.min(1, Math.max(0, volume)),
    tones: { long: toneOf("long"), short: toneOf("short"), neither: toneOf("neither") },
  };
}

export const SOUND: Choice<Sound> = { name: "sound", fallback: DEFAULT, read };

export const sideOf = (alert: Pick<Alert, "direction">): Side =>
  alert.direction === "long" || alert.direction === "short" ? alert.direction : "neither";

/** Hertz one after another, and seconds each. */
const NOTES: Record<Exclude<Tone, "none">, readonly [readonly number[], number]> = {
  rising: [[523.25, 659.25, 783.99], 0.11],
  falling: [[783.99, 659.25, 523.25], 0.11],
  bell: [[880], 0.5],
  double: [[698.46, 698.46], 0.16],
};

/** Sounds are allowed once the reader has clicked or typed something on this page. */
export const mayPlay = () => "AudioContext" in window && (navigator.userActivation?.hasBeenActive ?? true);

let opened: AudioContext | null = null;

const open = () => (opened ??= new AudioContext());

const GESTURES = ["pointerdown", "keydown"] as const;
/** After a click or key, whose own answer must not wait. */
const QUIET_MS = 1500;

/**
 * Opens the way out in a quiet moment after the reader's first click or key: it takes a browser some 60 ms,
 * which an alert and the bar that closes with it have no time for. Returns how not to.
 */
export function prepareToPlay(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    for (const gesture of GESTURES) window.removeEventListener(gesture, onGesture, true);
  };
  const onGesture = () => {
    stop();
    timer = setTimeout(() => {
      if (mayPlay()) void open().suspend();
    }, QUIET_MS);
  };
  for (const gesture of GESTURES) window.addEventListener(gesture, onGesture, true);
  return stop;
}

function note(context: AudioContext, hertz: number, at: number, seconds: number, volume: number): void {
  const gain = context.createGain();
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(Math.max(0.0002, volume * 0.5), at + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
  gain.connect(context.destination);
  const oscillator = context.createOscillator();
  oscillator.frequency.value = hertz;
  oscillator.connect(gain);
  oscillator.start(at);
  oscillator.stop(at + seconds);
}

/** Plays a tone made on the spot, each note with a soft start and end; false where the browser forbids sound. */
export function play(tone: Tone, volume: number): boolean {
  if (tone === "none" || volume === 0) return true;
  if (!mayPlay()) return false;
  const context = open();
  void context.resume();
  const [notes, seconds] = NOTES[tone];
  const start = context.currentTime + 0.02;
  notes.forEach((hertz, index) => note(context, hertz, start + index * seconds, seconds, volume));
  return true;
}
