import { useId } from "react";

export interface Option {
  value: string;
  label: string;
  title?: string;
}

interface Props {
  label: string;
  options: readonly Option[];
  value: string;
  onChange: (value: string) => void;
  className?: string;
}

/** A row of radio buttons that looks like one switch; arrows move the choice. */
export function Segmented({ label, options, value, onChange, className = "" }: Props) {
  const name = useId();
  return (
    <fieldset className={`flex h-8 shrink-0 items-center rounded-md border border-edge bg-panel p-0.5 ${className}`}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          title={option.title}
          className="flex h-full cursor-pointer select-none items-center whitespace-nowrap rounded px-2.5 text-xs font-medium text-ink-soft transition-colors hover:text-ink-strong has-[:checked]:bg-accent has-[:focus-visible]:outline has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent has-[:checked]:text-tremor-brand-inverted"
        >
          <input
            type="radio"
            className="sr-only"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
