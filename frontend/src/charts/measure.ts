/**
 * Notes how long something took from `since` until it was painted: with the second frame after it.
 * Only the newest entry of a name is kept; whoever wants them all observes.
 */
export function measurePaint(name: string, since: number): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      performance.clearMeasures(name);
      performance.measure(name, { start: since, end: performance.now() });
    }),
  );
}
