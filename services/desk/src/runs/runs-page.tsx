// The runs of the server, newest first.
import { RunService } from "@agentspan/proto";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Button, Loader, NativeSelect, TextInput, Title } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useDeferredValue, useRef, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { runPath } from "../run/run-path.js";
import { NotListed } from "../shell/not-listed.js";
import { useKeys } from "../shell/use-keys.js";
import { useTitle } from "../shell/use-title.js";
import { filtersIn, type RunFilters, STATE_FILTERS, searchOf, statesOf } from "./run-filters.js";
import { RunRows } from "./run-rows.js";

const PAGE = 50;
/** For each page that is open: they are all asked for anew. */
const LOOK_AGAIN_MS = 3_000;

export function RunsPage(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const filters = filtersIn(search);
  const agent = useDeferredValue(filters.agent);
  const agentField = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => agentField.current?.focus() });
  useTitle("Runs");
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery(
    RunService.method.listRuns,
    { agentName: agent, states: statesOf(filters.state), pageSize: PAGE, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      refetchInterval: ({ state }) => LOOK_AGAIN_MS * Math.max(1, state.data?.pages.length ?? 1),
      placeholderData: keepPreviousData,
    },
  );
  const runs = data?.pages.flatMap((page) => page.runs) ?? [];
  const change = (more: Partial<RunFilters>): void => setSearch(searchOf({ ...filters, ...more }), { replace: true });
  const isFiltering = filters.agent !== "" || filters.state !== "";
  return (
    <>
      <div className="page-head">
        <Title order={1} size="h2">
          Runs
        </Title>
        <span className="count" role="status">
          {data === undefined ? "" : `${runs.length.toLocaleString("en")}${hasNextPage ? " and more" : ""}`}
        </span>
        <span className="stretch" />
        <GoToRun />
      </div>
      <search className="filters">
        <NativeSelect
          aria-label="State"
          value={filters.state}
          onChange={(event) => {
            const chosen = STATE_FILTERS.find(({ value }) => value === event.currentTarget.value);
            if (chosen !== undefined) change({ state: chosen.value });
          }}
          data={[...STATE_FILTERS]}
        />
        <TextInput
          ref={agentField}
          aria-label="Agent"
          placeholder="Agent, its whole name  ( / )"
          spellCheck={false}
          autoComplete="off"
          value={filters.agent}
          onChange={(event) => change({ agent: event.currentTarget.value })}
        />
        {isFiltering ? (
          <Button variant="default" onClick={() => setSearch(new URLSearchParams(), { replace: true })}>
            Clear filters
          </Button>
        ) : null}
      </search>
      {error === null ? null : (
        <NotListed error={error} what="The runs" isOld={runs.length > 0} onAgain={() => void refetch()} />
      )}
      {isPending && error === null ? <Loader aria-label="Loading the runs" /> : null}
      {runs.length > 0 ? <RunRows runs={runs} /> : null}
      {data !== undefined && error === null && runs.length === 0 ? (
        <p className="nothing">
          {isFiltering
            ? "No run fits these filters."
            : "No run has been started yet. It appears here by itself when one is."}
        </p>
      ) : null}
      {hasNextPage ? (
        <p className="more">
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show older runs
          </Button>
        </p>
      ) : null}
    </>
  );
}

/** Whoever has the id of a run goes straight to it. */
function GoToRun(): ReactNode {
  const [, navigate] = useLocation();
  const [id, setId] = useState("");
  const go = (event: FormEvent): void => {
    event.preventDefault();
    if (id.trim() !== "") navigate(runPath(id.trim()));
  };
  return (
    <form className="go-to" onSubmit={go}>
      <TextInput
        size="xs"
        aria-label="The id of a run"
        placeholder="The id of a run"
        spellCheck={false}
        autoComplete="off"
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
      />
      <Button size="xs" variant="default" type="submit">
        Go to it
      </Button>
    </form>
  );
}
