import type { DatabaseHealth } from "../../api/types";
import { whole } from "../../lib/format";
import { Moment } from "../../ui/Moment";
import { Fact, NotTold, Part, told } from "./facts";
import { bytes } from "./words";

/** The database: how large it is, how far it reaches. */
export function Store({ database }: { database: DatabaseHealth | undefined }) {
  return (
    <Part title="Database">
      {database === undefined ? (
        <p className="text-xs"><NotTold /></p>
      ) : (
        <dl className="text-xs">
          <Fact label="Size" title="Of the file, without its write-ahead log">{bytes(database.size_bytes)}</Fact>
          <Fact label="Write-ahead log">{bytes(database.wal_bytes)}</Fact>
          <Fact label="Bars" title="That its series span, from the first to the last">{whole(database.bars)}</Fact>
          <Fact label="Series" title="Of pairs that are or were recorded, by timeframe">{whole(database.series)}</Fact>
          <Fact label="Pairs recorded now">{whole(database.pairs)}</Fact>
          <Fact label="Oldest bar opened">{told(database.oldest_ts, (ts) => <Moment ts={ts} />, "none yet")}</Fact>
          <Fact label="Newest closed bar opened">{told(database.newest_ts, (ts) => <Moment ts={ts} />, "none yet")}</Fact>
          <Fact label="Transactions">{whole(database.seq)}</Fact>
          <Fact label="Schema">{whole(database.schema)}</Fact>
        </dl>
      )}
    </Part>
  );
}
