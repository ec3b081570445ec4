import type { Health, NotifyTarget } from "../../api/types";
import { whole } from "../../lib/format";
import { Moment } from "../../ui/Moment";
import { Fact, NotTold, Part, told } from "./facts";

const WORDS: Record<string, string> = { off: "off: no targets are set", ok: "all targets answer", failing: "a target does not answer" };

function Target({ name, target }: { name: string; target: NotifyTarget }) {
  return (
    <Fact label={name}>
      <span className={target.state === "ok" ? "" : "font-semibold text-warn"}>{target.state}</span>: {whole(target.sent)} alerts sent in {whole(target.messages)} messages,{" "}
      {whole(target.waiting)} waiting, {whole(target.failed)} attempts failed, {whole(target.given_up)} given up; last {told(target.last_sent_ts, (ts) => <Moment ts={ts} />, "never")}
      {target.last_error !== null && <span className="block break-words text-micro text-ink-soft">{target.last_error}</span>}
    </Fact>
  );
}

/** What became of notifications, target by target. */
export function Notifier({ notify }: { notify: Health["notify"] }) {
  return (
    <Part title="Notifications">
      {notify === undefined ? (
        <p className="text-xs"><NotTold /></p>
      ) : (
        <dl className="text-xs">
          <Fact label="State">{WORDS[notify.state] ?? notify.state}</Fact>
          {notify.quiet_until != null && <Fact label="Quiet until"><Moment ts={notify.quiet_until} /></Fact>}
          {Object.entries(notify.targets ?? {}).map(([name, target]) => (
            <Target key={name} name={name} target={target} />
          ))}
        </dl>
      )}
    </Part>
  );
}
