import type { Settings as ServerSettings } from "../../api/types";
import { useUrl } from "../../hooks/useUrl";
import type { Thresholds } from "../../lib/filter";
import { changeUrl } from "../../lib/url";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { AlertSettings } from "./AlertSettings";
import { Appearance } from "./Appearance";
import { Kept } from "./Kept";
import { PersonalThresholds } from "./PersonalThresholds";
import { Rules } from "./Rules";
import { ServerThresholds } from "./ServerThresholds";

interface Props {
  tf: string;
  settings: ServerSettings | null;
  limits: Thresholds;
  onSettings: (settings: ServerSettings) => void;
}

const SECTIONS = [
  { id: "thresholds", label: "Thresholds" },
  { id: "alerts", label: "Alerts" },
  { id: "rules", label: "Rules" },
  { id: "appearance", label: "Appearance" },
  { id: "kept", label: "This browser" },
] as const;

type Id = (typeof SECTIONS)[number]["id"];

function Content({ id, ...props }: Props & { id: Id }) {
  switch (id) {
    case "thresholds":
      return (
        <>
          <PersonalThresholds thresholds={props.settings?.thresholds} limits={props.limits} />
          {props.settings ? (
            <ServerThresholds settings={props.settings} tf={props.tf} onSettings={props.onSettings} />
          ) : (
            <p role="status" className="p-4 text-xs text-ink-soft">Reading the thresholds of the server…</p>
          )}
        </>
      );
    case "alerts":
      return <AlertSettings />;
    case "rules":
      return <Rules />;
    case "appearance":
      return <Appearance />;
    case "kept":
      return <Kept />;
  }
}

/** What the reader can choose: for this browser, and for the server where it lets him. */
export default function Settings(props: Props) {
  const asked = useUrl("section");
  const current = SECTIONS.find(({ id }) => id === asked) ?? SECTIONS[0];
  return (
    <div className="flex min-h-0 flex-1 gap-2 max-md:flex-col md:p-3">
      <nav aria-label="Settings" className="flex shrink-0 gap-1 bg-panel p-2 max-md:flex-wrap max-md:border-b max-md:border-line md:w-44 md:flex-col md:rounded-lg md:border md:border-line">
        {SECTIONS.map(({ id, label }) => (
          <button
            key={id}
            type="button"
            aria-current={id === current.id ? "page" : undefined}
            onClick={() => changeUrl({ section: id === SECTIONS[0].id ? null : id })}
            className={`rounded-md px-3 py-1.5 text-left text-xs font-medium ${id === current.id ? "bg-raised text-ink-strong" : "text-ink-soft hover:bg-raised hover:text-ink-strong"}`}
          >
            {label}
          </button>
        ))}
      </nav>
      {/* Scrolls: the keyboard reaches it through its fields. */}
      <section aria-label={current.label} className="min-h-0 min-w-0 flex-1 overflow-y-auto bg-panel md:rounded-lg md:border md:border-line">
        <h2 className="sr-only">Settings: {current.label}</h2>
        <ErrorBoundary key={current.id} name={`The section ${current.label}`}>
          <Content id={current.id} {...props} />
        </ErrorBoundary>
      </section>
    </div>
  );
}
