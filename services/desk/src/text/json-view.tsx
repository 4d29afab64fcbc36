// A JSON text as people read it: a row for each member, numbers to the digit, texts as texts.
import { Button } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { type JsonMember, type JsonNode, readJson } from "./json-text.js";
import { currencyAmong, dateMeant, groupsOf, isMoney, writtenOut } from "./reading.js";
import { LongText, SafeText, TextNotes } from "./safe-text.js";

const FIRST_ITEMS = 50;
const LONG_LINE = 120;

export interface JsonViewProps {
  readonly text: string;
  /** What it is, for whoever hears the page. */
  readonly label: string;
  /** Now, milliseconds: dates are told from it. */
  readonly nowMs: number;
}

export function JsonView({ text, label, nowMs }: JsonViewProps): ReactNode {
  const node = useMemo(() => readJson(text), [text]);
  if (node === undefined) return <LongText text={text} label={label} />;
  return (
    <section className="json" aria-label={label}>
      <Value node={node} name={label} nowMs={nowMs} />
    </section>
  );
}

interface ValueProps {
  readonly node: JsonNode;
  readonly name: string;
  readonly nowMs: number;
  readonly currency?: string | undefined;
}

function Value({ node, name, nowMs, currency }: ValueProps): ReactNode {
  switch (node.kind) {
    case "object":
      return <Members members={node.members} nowMs={nowMs} />;
    case "array":
      return <Items items={node.items} name={name} nowMs={nowMs} />;
    case "string":
      return <StringValue value={node.value} name={name} nowMs={nowMs} />;
    case "number":
      return <NumberValue text={node.text} unit={isMoney(name) ? currency : undefined} />;
    case "literal":
      return <span className={`literal ${node.text}`}>{node.text}</span>;
    default:
      return node satisfies never;
  }
}

function Members({ members, nowMs }: { readonly members: readonly JsonMember[]; readonly nowMs: number }): ReactNode {
  const currency = useMemo(() => currencyAmong(members), [members]);
  if (members.length === 0) return <span className="empty">nothing: {"{}"}</span>;
  return (
    <Some of={members} what="fields">
      {(some) => (
        <dl className="members">
          {some.map(({ name, value }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text that is shown never changes, and two members may have one name.
            <div className={value.kind === "object" || value.kind === "array" ? "member nested" : "member"} key={at}>
              <dt>
                <SafeText text={name} />
                <TextNotes text={name} />
              </dt>
              <dd>
                <Value node={value} name={name} nowMs={nowMs} currency={currency} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Some>
  );
}

function Items({
  items,
  name,
  nowMs,
}: {
  readonly items: readonly JsonNode[];
  readonly name: string;
  readonly nowMs: number;
}): ReactNode {
  if (items.length === 0) return <span className="empty">an empty list: []</span>;
  return (
    <Some of={items} what="items">
      {(some) => (
        <ol className="items" aria-label={`${items.length} items`}>
          {some.map((item, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text that is shown never changes.
            <li key={at}>
              <Value node={item} name={name} nowMs={nowMs} />
            </li>
          ))}
        </ol>
      )}
    </Some>
  );
}

/** The first of a long list, and the rest where it is asked for. */
export function Some<T>({
  of,
  what,
  children,
}: {
  readonly of: readonly T[];
  readonly what: string;
  readonly children: (some: readonly T[]) => ReactNode;
}): ReactNode {
  const [most, setMost] = useState(FIRST_ITEMS);
  const left = of.length - most;
  return (
    <>
      {children(left > 0 ? of.slice(0, most) : of)}
      {left > 0 ? (
        <p className="note warning">
          {left.toLocaleString("en")} of {of.length.toLocaleString("en")} {what} are not shown.{" "}
          <Button size="compact-sm" variant="default" onClick={() => setMost(most + 500)}>
            Show {Math.min(left, 500)} more
          </Button>
        </p>
      ) : null}
    </>
  );
}

function StringValue({
  value,
  name,
  nowMs,
}: {
  readonly value: string;
  readonly name: string;
  readonly nowMs: number;
}): ReactNode {
  if (value === "") return <span className="empty">an empty text: ""</span>;
  if (value.length > LONG_LINE || value.includes("\n")) return <LongText text={value} label={name} />;
  const meant = dateMeant(value, nowMs);
  return (
    <>
      <span className="string">
        <SafeText text={value} />
      </span>
      {meant === undefined ? null : <span className="reading">{meant}</span>}
      <TextNotes text={value} />
    </>
  );
}

/** Thousands are set apart by space that is no character: what is copied is what is written. */
function NumberValue({ text, unit }: { readonly text: string; readonly unit: string | undefined }): ReactNode {
  const { groups, rest } = groupsOf(text);
  const out = writtenOut(text);
  return (
    <>
      <span className="number">
        {groups.map((group, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: groups of one number have no other name than their place.
          <span className="digits" key={at}>
            {group}
          </span>
        ))}
        {rest}
      </span>
      {unit === undefined ? null : <span className="unit">{unit}</span>}
      {out === undefined ? null : <span className="reading">{out}</span>}
    </>
  );
}

/** The text itself, for whoever wants to see every character of it. */
export function RawJson({ text }: { readonly text: string }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The exact text</summary>
      {isOpen ? (
        <div className="json-block">
          <LongText text={text} label="The exact text" />
        </div>
      ) : null}
    </details>
  );
}
