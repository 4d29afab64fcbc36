// What waits for people, oldest first, live.

import { ApprovalKind } from "@agentspan/proto";
import { Alert, Button, NativeSelect, Switch, TextInput, Title } from "@mantine/core";
import { type ReactNode, useDeferredValue, useMemo, useRef, useState } from "react";
import { useAuthentication } from "../session/entrance.js";
import { useKeys } from "../shell/use-keys.js";
import { type Filters, filtered, isFiltering, NO_FILTERS, valuesOf } from "./filters.js";
import { isWhole, oldestFirst } from "./inbox.js";
import { useInbox } from "./inbox-context.js";
import { InboxRows } from "./inbox-rows.js";
import { KIND_WORDS } from "./kinds.js";

const KINDS = [ApprovalKind.APPROVAL, ApprovalKind.QUESTION, ApprovalKind.SETTLEMENT] as const;

export function InboxPage(): ReactNode {
  const { inbox, total, connection, problem, mine, setMine } = useInbox();
  const authentication = useAuthentication();
  const [filters, setFilters] = useState(NO_FILTERS);
  const search = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => search.current?.focus() });
  const all = useMemo(() => oldestFirst(inbox), [inbox]);
  // Typing stays quick however many there are.
  const looked = useDeferredValue(filters);
  const rows = useMemo(() => filtered(all, looked), [all, looked]);
  const change = (more: Partial<Filters>): void => setFilters((before) => ({ ...before, ...more }));

  if (problem !== undefined) {
    return (
      <Alert color="red" title="There is no inbox for you">
        {problem}
      </Alert>
    );
  }
  return (
    <>
      <div className="page-head">
        <Title order={1} size="h2">
          Waiting for people
        </Title>
        <span className="count" role="status">
          {countWords(rows.length, all.length, isFiltering(looked))}
        </span>
      </div>
      <search className="filters">
        <TextInput
          ref={search}
          id="inbox-search"
          aria-label="Search"
          placeholder="Search  ( / )"
          value={filters.search}
          onChange={(event) => change({ search: event.currentTarget.value })}
        />
        <NativeSelect
          aria-label="Tool"
          value={filters.tool}
          onChange={(event) => change({ tool: event.currentTarget.value })}
          data={[{ value: "", label: "Every tool" }, ...withChosen(valuesOf(all, "toolName"), filters.tool)]}
        />
        <NativeSelect
          aria-label="Agent"
          value={filters.agent}
          onChange={(event) => change({ agent: event.currentTarget.value })}
          data={[{ value: "", label: "Every agent" }, ...withChosen(valuesOf(all, "agentName"), filters.agent)]}
        />
        <NativeSelect
          aria-label="Kind"
          value={String(filters.kind)}
          onChange={(event) => change({ kind: Number(event.currentTarget.value) as ApprovalKind })}
          data={[
            { value: "0", label: "Every kind" },
            ...KINDS.map((kind) => ({ value: String(kind), label: KIND_WORDS[kind] })),
          ]}
        />
        {authentication ? (
          <Switch label="Mine to decide" checked={mine} onChange={(event) => setMine(event.currentTarget.checked)} />
        ) : null}
        {isFiltering(filters) ? (
          <Button variant="default" onClick={() => setFilters(NO_FILTERS)}>
            Clear filters
          </Button>
        ) : null}
      </search>
      {rows.length > 0 ? (
        <InboxRows rows={rows} />
      ) : (
        <p className="nothing">{nothingWords(all.length, isWhole(inbox, total), connection === "lost")}</p>
      )}
    </>
  );
}

/** What is chosen stays in the list when the last of it has gone. */
function withChosen(values: readonly string[], chosen: string): readonly string[] {
  return chosen === "" || values.includes(chosen) ? values : [...values, chosen];
}

function countWords(shown: number, all: number, isFiltered: boolean): string {
  const count = (number: number): string => number.toLocaleString("en");
  return isFiltered ? `${count(shown)} of ${count(all)}` : count(all);
}

function nothingWords(all: number, isWhole: boolean, isLost: boolean): string {
  if (all > 0) return "Nothing that waits fits these filters.";
  // What was true before it was lost need not be.
  if (isLost) return "The server cannot be reached. What waits appears here when it can.";
  return isWhole ? "Nothing waits for anybody. It appears here by itself when something does." : "Loading what waits…";
}
