import type { RowView } from "./rows";

/** Open time of the newest closed bar among rows; null without any. */
export const newestBar = (views: readonly RowView[]): number | null =>
  views.reduce<number | null>((newest, { row }) => (newest === null || row.ts > newest ? row.ts : newest), null);

/**
 * A word that changes when a bar closes, as pair after pair has it, and when what was provisional
 * becomes final: what is computed over closed bars is asked for anew when it changes, and not before.
 */
export function barMark(views: readonly RowView[]): string | null {
  const newest = newestBar(views);
  if (newest === null) return null;
  const there = views.filter(({ row }) => row.ts === newest);
  const provisional = there.filter(({ row }) => (row.quality ?? []).includes("partial"));
  return `${newest}.${there.length}.${provisional.length}`;
}
