// Arguments or an answer, to be written: a field for each member, or all of it as JSON.
import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { readJson } from "../text/json-text.js";
import { type Draft, type DraftField, emptyField, type Fault, type Shape } from "./draft.js";

export interface FieldsFormProps {
  readonly draft: Draft;
  readonly shape: Shape;
  readonly faults: readonly Fault[];
  readonly onChange: (draft: Draft) => void;
}

const LONG_LINE = 60;

export function FieldsForm({ draft, shape, faults, onChange }: FieldsFormProps): ReactNode {
  const put = (name: string, typed: string, kind?: DraftField["kind"]): void =>
    onChange(draft.map((field) => (field.name === name ? { ...field, typed, kind: kind ?? field.kind } : field)));
  const missing = [...shape.properties].filter(([name]) => !draft.some((field) => field.name === name));
  return (
    <div className="fields">
      {draft.map((field) => (
        <div className="field" key={field.name}>
          <Field
            field={field}
            shape={shape}
            error={faultsOf(faults, field.name)}
            onChange={(typed, kind) => put(field.name, typed, kind)}
          />
          {shape.required.has(field.name) ? null : (
            <Button
              size="compact-sm"
              variant="subtle"
              onClick={() => onChange(draft.filter(({ name }) => name !== field.name))}
              aria-label={`Leave out ${field.name}`}
            >
              Leave out
            </Button>
          )}
        </div>
      ))}
      {missing.length === 0 ? null : (
        <p className="row-of-buttons">
          {missing.map(([name, property]) => (
            <Button
              key={name}
              size="compact-sm"
              variant="default"
              onClick={() => onChange([...draft, emptyField(name, property)])}
            >
              Add {name}
            </Button>
          ))}
        </p>
      )}
    </div>
  );
}

interface FieldProps {
  readonly field: DraftField;
  readonly shape: Shape;
  readonly error: string | undefined;
  readonly onChange: (typed: string, kind?: DraftField["kind"]) => void;
}

function Field({ field: { name, kind, typed }, shape, error, onChange }: FieldProps): ReactNode {
  const property = shape.properties.get(name);
  const common = {
    label: name,
    description: property?.description,
    error,
    required: shape.required.has(name),
    withAsterisk: false,
  };
  const choices = property?.choices;
  const now = kind === "text" ? JSON.stringify(typed) : typed;
  if (choices !== undefined && readJson(now) !== undefined) {
    const all = choices.includes(now) ? choices : [now, ...choices];
    const pick = (json: string): void => {
      const value: unknown = JSON.parse(json);
      onChange(typeof value === "string" ? value : json, typeof value === "string" ? "text" : "json");
    };
    return (
      <NativeSelect
        {...common}
        value={now}
        onChange={(event) => pick(event.currentTarget.value)}
        data={all.map((json) => ({ value: json, label: labelOf(json) }))}
      />
    );
  }
  const long = typed.length > LONG_LINE || typed.includes("\n") || (kind === "json" && /^[[{]/.test(typed));
  const edit = { ...common, value: typed, spellCheck: false, autoComplete: "off" };
  if (long)
    return (
      <Textarea
        {...edit}
        rows={Math.min(16, Math.max(3, Math.ceil(typed.length / 80)))}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <TextInput
      {...edit}
      {...(property?.type === "number" || property?.type === "integer" ? { inputMode: "decimal" as const } : {})}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function labelOf(json: string): string {
  const value: unknown = JSON.parse(json);
  return typeof value === "string" ? value : json;
}

function faultsOf(faults: readonly Fault[], name: string): string | undefined {
  const mine = faults.filter((fault) => fault.name === name).map(({ problem }) => problem);
  return mine.length === 0 ? undefined : mine.join(" ");
}
