import type { ReactNode } from "react";

import type { FieldName, Form, Hints } from "../../../lib/simulation/form";
import type { NumberField, NumberName } from "../../../lib/simulation/fields";
import { textOf } from "../../../lib/simulation/form";
import { input } from "../../../ui/forms";
import type { Refusal } from "../useSimulation";

/** What the parts of the form share. */
export interface FormProps {
  form: Form;
  hints: Hints;
  refusal: Refusal | null;
  onChange: (patch: Partial<Form>) => void;
}

export const fieldId = (name: FieldName) => `sim-${name.replace(".", "-")}`;
export const label = "block text-micro text-ink-soft";
// So far from the edge when it takes the focus that what is wrong with it is in view.
export const control = `${input} mt-0.5 block w-full scroll-mb-12`;

/** What is wrong with a field: the server's word before our own. */
export function wrongOf({ hints, refusal }: Pick<FormProps, "hints" | "refusal">, name: FieldName): string | null {
  return refusal?.field === name ? refusal.words : (hints[name] ?? null);
}

export function Wrong({ name, refused, children }: { name: FieldName; refused: boolean; children: ReactNode }) {
  return (
    <p id={`${fieldId(name)}-wrong`} {...(refused ? { role: "alert" } : {})} className="mt-1 text-micro leading-4 text-down">
      {children}
    </p>
  );
}

/** What ties a control to the words about what is wrong with it. */
export const wrongProps = (name: FieldName, wrong: string | null) =>
  ({ id: fieldId(name), "aria-invalid": wrong !== null, ...(wrong === null ? {} : { "aria-describedby": `${fieldId(name)}-wrong` }) }) as const;

/** One topic of the form. */
export function Topic({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="border-t border-line px-3 py-3 first:border-t-0">
      <legend className="sr-only">{title}</legend>
      <h3 aria-hidden="true" className="mb-2 text-xs font-semibold text-ink-strong">{title}</h3>
      <div className="space-y-2.5">{children}</div>
    </fieldset>
  );
}

interface NumberProps extends FormProps {
  field: NumberField;
  placeholder?: string;
}

/** A number with its unit, and what is wrong with it under it. */
export function NumberInput({ field, placeholder, ...props }: NumberProps) {
  const { form, refusal, onChange } = props;
  const { name, label: text, unit, doc } = field;
  const wrong = wrongOf(props, name);
  const type = (typed: string) => onChange({ numbers: { ...form.numbers, [name satisfies NumberName]: typed } });
  return (
    <div className="min-w-0">
      <label className={label} title={doc}>
        {text}
        {unit !== "" && <span className="text-ink-faint">, {unit}</span>}
        <input
          {...wrongProps(name, wrong)}
          type="text"
          inputMode="decimal"
          autoComplete="off"
          placeholder={placeholder ?? (field.optional ? "none" : "")}
          className={`${control} text-right ${wrong === null ? "" : "!border-down"}`}
          value={textOf(form, name)}
          onChange={(event) => type(event.target.value)}
        />
      </label>
      {wrong !== null && <Wrong name={name} refused={refusal?.field === name}>{wrong}</Wrong>}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  name: FieldName;
  text: string;
  words: readonly { value: T; label: string; title: string }[];
  value: T;
  wrong: string | null;
  refused: boolean;
  onChoose: (value: T) => void;
}

/** One of a few words; what the chosen one means stands under it. */
export function WordChoice<T extends string>({ name, text, words, value, wrong, refused, onChoose }: ChoiceProps<T>) {
  const chosen = words.find((word) => word.value === value);
  return (
    <div>
      <label className={label}>
        {text}
        <select
          {...wrongProps(name, wrong)}
          className={control}
          value={value}
          onChange={(event) => onChoose(words.find((word) => word.value === event.target.value)?.value ?? value)}
        >
          {words.map((word) => (
            <option key={word.value} value={word.value}>
              {word.label}
            </option>
          ))}
        </select>
      </label>
      {chosen && chosen.title !== "" && <p className="mt-1 text-micro leading-4 text-ink-faint">{chosen.title}.</p>}
      {wrong !== null && <Wrong name={name} refused={refused}>{wrong}</Wrong>}
    </div>
  );
}
