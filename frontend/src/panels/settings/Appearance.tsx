import { useChoice } from "../../hooks/useChoice";
import { change } from "../../lib/format";
import { COLOURS, THEME } from "../../lib/theme";
import { Segmented } from "../../ui/Segmented";
import { Block } from "../../ui/forms";

const THEMES = [
  { value: "dark", label: "Dark" },
  { value: "light", label: "Light" },
  { value: "system", label: "As the system" },
] as const;

const COLOUR_SETS = [
  { value: "classic", label: "Green up, red down" },
  { value: "swapped", label: "Red up, green down" },
  { value: "safe", label: "Blue up, orange down" },
] as const;

/** Light or dark, and the colours of up and down. */
export function Appearance() {
  const [theme, setTheme] = useChoice(THEME);
  const [colours, setColours] = useChoice(COLOURS);
  return (
    <>
      <Block title="Theme" about="Of this browser, at once.">
        <Segmented label="Theme" options={THEMES} value={theme} className="w-fit" onChange={(value) => setTheme(THEMES.find((one) => one.value === value)?.value ?? theme)} />
      </Block>
      <Block title="Up and down" about="Blue and orange can be told apart by every eye. A sign always stands beside the colour.">
        <div className="flex flex-col items-start gap-1.5" role="radiogroup" aria-label="Colours of up and down">
          {COLOUR_SETS.map(({ value, label }) => (
            <label key={value} className="flex items-center gap-2 text-xs text-ink">
              <input type="radio" name="colours" className="h-4 w-4 accent-[rgb(var(--accent))]" checked={colours === value} onChange={() => setColours(value)} />
              {label}
            </label>
          ))}
        </div>
        <p className="mt-3 flex gap-4 text-sm font-semibold" aria-hidden="true">
          <span className="text-up">▲ {change(1.23)}</span>
          <span className="text-down">▼ {change(-1.23)}</span>
        </p>
      </Block>
    </>
  );
}
