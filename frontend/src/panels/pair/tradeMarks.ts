import type { SimulatedTrade } from "../../api/types";
import type { ChartMark } from "../../charts/candles/markers";
import type { ChartColours } from "../../charts/colours";
import { hasWon, tradeWords } from "../../lib/simulation/words";

/** Each trade as two marks: an arrow its way where it is entered, a square on the other side where it is left. */
export function tradeMarks(trades: readonly SimulatedTrade[], colours: Pick<ChartColours, "accent" | "up" | "down" | "faint">): ChartMark[] {
  return trades.flatMap((trade): ChartMark[] => {
    const { entered, left } = tradeWords(trade);
    const short = trade.direction < 0;
    const won = hasWon(trade);
    const end = won === null ? { tag: "?", colour: colours.faint } : won ? { tag: "✓", colour: colours.up } : { tag: "✗", colour: colours.down };
    return [
      { kind: "entry", ts: trade.entry_ts, tag: "in", text: entered, colour: colours.accent, rank: 0, down: short },
      { kind: "exit", ts: trade.exit_ts, tag: end.tag, text: left, colour: end.colour, rank: 0, down: !short },
    ];
  });
}
