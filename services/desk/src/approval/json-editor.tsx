// A JSON value that a person writes: in fields where it is an object, or as text, and held to a schema as it is typed.
import { Button, Textarea } from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { indented, readJson } from "../text/json-text.js";
import { type Draft, draftOf, emptyDraft, type Fault, isOfObjects, schemaFaults, shapeOf, writtenIn } from "./draft.js";
import { FieldsForm } from "./fields-form.js";

export interface JsonEditorProps {
  /** What it is called: "Arguments". */
  readonly label: string;
  /** What it begins with; empty where there is nothing yet. */
  readonly initialJson: string;
  /** JSON Schema of it, as text; empty where any value is one. */
  readonly schemaJson: string;
  /** What is written, whenever that changes; undefined while it is no JSON, or not as the schema wants it. */
  readonly onWritten: (json: string | undefined) => void;
}

export function JsonEditor({ label, initialJson, schemaJson, onWritten }: JsonEditorProps): ReactNode {
  const shape = useMemo(() => shapeOf(schemaJson), [schemaJson]);
  const [draft, setDraft] = useState<Draft | undefined>(() =>
    initialJson === "" ? (isOfObjects(schemaJson) ? emptyDraft(shape) : undefined) : draftOf(initialJson),
  );
  const [text, setText] = useState(() => (initialJson === "" ? "" : indented(initialJson)));
  const written = useMemo(() => (draft === undefined ? textWritten(text) : writtenIn(draft)), [draft, text]);
  const faults = useMemo(
    () => ("faults" in written ? written.faults : schemaFaults(schemaJson, written.json)),
    [written, schemaJson],
  );
  const good = "json" in written && faults.length === 0 ? written.json : undefined;
  useEffect(() => onWritten(good), [good, onWritten]);

  const asText = (): void => {
    if ("json" in written) setText(indented(written.json));
    setDraft(undefined);
  };
  const asFields = (): void => setDraft(draftOf(text));
  const canBeFields = draft === undefined && draftOf(text) !== undefined;
  const whole = faults.filter(
    ({ name }) => name === "" || draft === undefined || !draft.some((field) => field.name === name),
  );
  return (
    <fieldset className="editor">
      <legend>{label}</legend>
      {draft === undefined ? (
        <Textarea
          aria-label={`${label} as JSON`}
          className="json-text"
          rows={Math.min(24, Math.max(4, text.split("\n").length))}
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      ) : (
        <FieldsForm draft={draft} shape={shape} faults={faults} onChange={setDraft} />
      )}
      {whole.length === 0 ? null : (
        <ul className="notes" role="status">
          {whole.map(({ name, problem }) => (
            <li className="note warning" key={`${name}/${problem}`}>
              {name === "" ? "" : `${name}: `}
              {problem}
            </li>
          ))}
        </ul>
      )}
      {draft === undefined ? (
        canBeFields ? (
          <Button size="compact-sm" variant="subtle" onClick={asFields}>
            Write it in fields
          </Button>
        ) : null
      ) : (
        <Button size="compact-sm" variant="subtle" onClick={asText}>
          Write it as JSON
        </Button>
      )}
    </fieldset>
  );
}

function textWritten(text: string): { readonly json: string } | { readonly faults: readonly Fault[] } {
  if (text.trim() === "") return { faults: [{ name: "", problem: "Write a value as JSON. A text stands in quotes." }] };
  return readJson(text) === undefined ? { faults: [{ name: "", problem: "This is no JSON." }] } : { json: text.trim() };
}
