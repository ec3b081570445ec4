const FIRST_MS = 30_000;
const LONGEST_MS = 300_000;
const KEPT = 500;

interface Rest {
  at: number;
  wait: number;
  held: number;
}

/**
 * Lets the same thing be said again only after a rest: 30 s, doubled each time up to 300 s. After
 * as long again without a word it starts anew.
 */
export class Backoff {
  private readonly rests = new Map<string, Rest>();

  /** May `key` be said at `now` (ms)? Null: not yet, and `count` is held; else how many were held before. */
  admit(key: string, now: number, count = 1): number | null {
    const rest = this.rests.get(key);
    if (rest && now < rest.at + rest.wait) {
      rest.held += count;
      return null;
    }
    const busy = rest && now < rest.at + 2 * rest.wait;
    const wait = busy ? Math.min(2 * rest.wait, LONGEST_MS) : FIRST_MS;
    this.rests.delete(key);
    this.rests.set(key, { at: now, wait, held: 0 });
    for (const oldest of this.rests.keys()) {
      if (this.rests.size <= KEPT) break;
      this.rests.delete(oldest);
    }
    return rest?.held ?? 0;
  }
}
