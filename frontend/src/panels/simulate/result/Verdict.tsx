import type { Run } from "../../../api/types";
import { percent } from "../../../lib/format";
import { capital, GOAL_WORDS, sentence, VERDICT_WORDS } from "../../../lib/simulation/words";
import { Card } from "../../../ui/Card";

/** What the run says, in words, before any figure; what it does not say beside it. */
export function Verdict({ run: { statistics } }: { run: Run }) {
  const { title, sign, tone, meaning } = VERDICT_WORDS[statistics.verdict];
  const { goal } = statistics;
  const reached = GOAL_WORDS[goal.reached];
  return (
    <section aria-label="Verdict">
      <Card className="grid gap-x-8 gap-y-3 p-4 ring-line lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div>
          <h3 className={`text-lg font-semibold leading-6 ${tone}`}>
            <span aria-hidden="true">{sign} </span>
            {title}
          </h3>
          <p className="mt-1 text-xs leading-5 text-ink">{meaning}</p>
          {statistics.reasons.length > 0 && (
            <ul aria-label="Why" className="mt-2 list-inside list-disc text-xs leading-5 text-ink-soft">
              {statistics.reasons.map((reason) => <li key={reason}>{sentence(reason)}</li>)}
            </ul>
          )}
        </div>
        <div className="space-y-3 text-xs leading-5">
          <div>
            <h4 className="text-micro font-medium uppercase tracking-wider text-ink-faint">Goal: more than {percent(goal.target)} won</h4>
            <p className="text-ink-strong">
              <span aria-hidden="true">{reached.sign} </span>
              <strong className="font-semibold">{capital(reached.text)}:</strong> {goal.words}.
            </p>
          </div>
          {statistics.cautions.length > 0 && (
            <div>
              <h4 className="text-micro font-medium uppercase tracking-wider text-ink-faint">But</h4>
              <ul aria-label="Cautions" className="list-inside list-disc text-warn">
                {statistics.cautions.map((caution) => <li key={caution}>{sentence(caution)}</li>)}
              </ul>
            </div>
          )}
        </div>
      </Card>
    </section>
  );
}
