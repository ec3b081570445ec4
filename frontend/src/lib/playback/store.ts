/** Frames by their bars' open times, never more than so many rows. Pure. */
import type { Frame } from "./frame";

export interface Bounds {
  frames: number;
  rows: number;
}

/** A frame of no rows takes its place too. */
const weightOf = (frame: Frame) => Math.max(1, frame.keys.length);

export class FrameStore {
  private readonly held = new Map<number, Frame>();
  private rows = 0;
  private weight = 1;

  constructor(private readonly most: Bounds) {}

  get size(): number {
    return this.held.size;
  }

  get rowCount(): number {
    return this.rows;
  }

  get(ts: number): Frame | null {
    return this.held.get(ts) ?? null;
  }

  has(ts: number): boolean {
    return this.held.has(ts);
  }

  /** How many frames of the newest one's size there is room for. */
  room(): number {
    return Math.max(1, Math.min(this.most.frames, Math.floor(this.most.rows / this.weight)));
  }

  /** Takes frames in; what is furthest from being needed goes when there are too many. */
  put(frames: readonly Frame[], far: (ts: number) => number): void {
    for (const frame of frames) {
      const before = this.held.get(frame.ts);
      this.rows += weightOf(frame) - (before ? weightOf(before) : 0);
      this.held.set(frame.ts, frame);
      this.weight = weightOf(frame);
    }
    if (!this.isFull()) return;
    for (const { ts } of [...this.held.keys()].map((ts) => ({ ts, far: far(ts) })).sort((a, b) => b.far - a.far)) {
      if (!this.isFull()) return;
      this.drop(ts);
    }
  }

  clear(): void {
    this.held.clear();
    this.rows = 0;
  }

  private isFull(): boolean {
    // One frame is always held, however many pairs there are.
    return this.held.size > 1 && (this.held.size > this.most.frames || this.rows > this.most.rows);
  }

  private drop(ts: number): void {
    const frame = this.held.get(ts);
    if (!frame) return;
    this.rows -= weightOf(frame);
    this.held.delete(ts);
  }
}
