import type { AlertWithEvidence, Catalog } from "../../api/types";
import { exact } from "../../lib/format";
import { Sparkline } from "../../ui/Sparkline";
import { Time } from "../../ui/Time";

const shown = (value: number | null | undefined) => (value === null || value === undefined ? "not known" : exact(value));

function Facts({ facts }: { facts: readonly (readonly [name: string, value: string, title?: string | undefined])[] }) {
  return (
    <dl className="grid grid-cols-2 gap-x-5 text-micro max-md:grid-cols-1">
      {facts.map(([name, value, title]) => (
        <div key={name} className="flex justify-between gap-3 border-t border-line/60 py-0.5">
          <dt title={title} className="truncate text-ink-soft">
            {name}
          </dt>
          <dd className="text-right text-ink">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Window({ name, values }: { name: string; values: readonly (number | null)[] }) {
  return (
    <li className="border-t border-line/60 py-1">
      <details>
        <summary className="flex cursor-pointer items-center gap-3 text-micro text-ink-soft">
          <span className="min-w-0 flex-1 truncate">{name}</span>
          {values.length > 1 && <Sparkline values={values} width={120} height={16} className="h-4 w-[120px] text-accent" />}
          <span className="w-20 text-right">
            {values.length} {values.length === 1 ? "value" : "values"}
          </span>
        </summary>
        <p className="py-1 text-micro leading-4 text-ink [overflow-wrap:anywhere]">{values.map(shown).join(" · ")}</p>
      </details>
    </li>
  );
}

/** Everything the alert stores of how it came to be; nothing of it ever changes. */
export function Inputs({ alert, catalog }: { alert: AlertWithEvidence; catalog: Catalog | null }) {
  const unitOf = (name: string) => catalog?.metrics.find((metric) => metric.name === name)?.unit ?? "";
  const docOf = (name: string) => catalog?.metrics.find((metric) => metric.name === name)?.doc;
  const values = Object.entries(alert.values).map(
    ([name, value]) => [`${name}${unitOf(name) === "" ? "" : `, ${unitOf(name)}`}`, shown(value), docOf(name)] as const,
  );
  const thresholds = Object.entries(alert.thresholds).map(([name, value]) => [name, exact(value)] as const);
  return (
    <div className="space-y-3">
      {alert.rule && <p className="text-xs text-ink [overflow-wrap:anywhere]">Rule “{alert.rule.name}”: <code>{alert.rule.expression}</code></p>}
      <div>
        <h4 className="text-micro font-semibold text-ink-soft">Thresholds in force</h4>
        <Facts facts={thresholds} />
      </div>
      <div>
        <h4 className="text-micro font-semibold text-ink-soft">Values at the bar</h4>
        <Facts facts={values} />
      </div>
      <div>
        <h4 className="text-micro font-semibold text-ink-soft">Raw inputs it read, oldest first</h4>
        <ul>
          {Object.entries(alert.window).map(([name, series]) => (
            <Window key={name} name={name} values={series} />
          ))}
        </ul>
      </div>
      <p className="text-micro leading-4 text-ink-faint">
        Stored <Time ts={alert.created_ts} /> by version {alert.code_version}, settings {alert.settings_hash}. Whoever has the same
        bars makes it again, to the byte, by <code>futuresboard reproduce alert:{alert.id}</code>; its name everywhere is{" "}
        <code className="[overflow-wrap:anywhere]">{alert.permalink}</code>.
      </p>
    </div>
  );
}
