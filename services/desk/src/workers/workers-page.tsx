// Which workers there are, and who serves which tools.
import { type ListedTool, RunService, RunState, WorkerService } from "@agentspan/proto";
import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { Alert, Button, Loader, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { AgentLinks } from "../agents/agent-links.js";
import { runPath } from "../run/run-path.js";
import { NotListed } from "../shell/not-listed.js";
import { useNow } from "../shell/use-now.js";
import { useTitle } from "../shell/use-title.js";
import { ToolTable } from "./tool-table.js";
import { isUnserved, waitingWords, waitsFor } from "./unserved.js";
import { WorkerTable } from "./worker-table.js";

const PAGE = 100;
const LOOK_AGAIN_MS = 3_000;
/** Of runs that wait for a tool so many are named. */
const MOST_RUNS = 5;
const LOOKED_AT_RUNS = 200;

const PAGED = {
  pageParamKey: "pageToken",
  getNextPageParam: ({ nextPageToken }: { readonly nextPageToken: string }) => nextPageToken || undefined,
  refetchInterval: LOOK_AGAIN_MS,
} as const;

export function WorkersPage(): ReactNode {
  useTitle("Workers");
  const nowMs = useNow(1_000);
  const request = { pageSize: PAGE, pageToken: "" };
  const workers = useInfiniteQuery(WorkerService.method.listWorkers, request, PAGED);
  const tools = useInfiniteQuery(WorkerService.method.listTools, request, PAGED);
  const allWorkers = workers.data?.pages.flatMap((page) => page.workers) ?? [];
  const allTools = tools.data?.pages.flatMap((page) => page.tools) ?? [];
  const unserved = allTools.filter(isUnserved);
  const error = workers.error ?? tools.error;
  const more = (query: typeof workers | typeof tools, what: string): ReactNode =>
    query.hasNextPage ? (
      <p className="more">
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more {what}
        </Button>
      </p>
    ) : null;
  return (
    <div className="fleet">
      <div className="page-head">
        <Title order={1} size="h2">
          Workers
        </Title>
        <span className="count" role="status">
          {workers.data === undefined
            ? ""
            : `${allWorkers.filter(({ live }) => live).length.toLocaleString("en")} live`}
        </span>
      </div>
      {error === null ? null : (
        <NotListed
          error={error}
          what="The workers"
          isOld={allWorkers.length + allTools.length > 0}
          onAgain={() => void Promise.all([workers.refetch(), tools.refetch()])}
        />
      )}
      {(workers.isPending || tools.isPending) && error === null ? <Loader aria-label="Loading the workers" /> : null}
      {unserved.length === 0 ? null : <Unserved tools={unserved} isPart={tools.hasNextPage} />}
      <section aria-labelledby="processes-title">
        <Title order={2} size="h4" id="processes-title">
          Processes of the last hour
        </Title>
        {workers.data !== undefined && allWorkers.length === 0 ? (
          <p className="nothing">No worker has shown life in the last hour.</p>
        ) : null}
        {allWorkers.length === 0 ? null : <WorkerTable workers={allWorkers} nowMs={nowMs} />}
        {more(workers, "processes")}
      </section>
      <section aria-labelledby="tools-title">
        <Title order={2} size="h4" id="tools-title">
          Tools
        </Title>
        {tools.data !== undefined && allTools.length === 0 ? (
          <p className="nothing">No worker serves a tool, and no agent has one.</p>
        ) : null}
        {allTools.length === 0 ? null : <ToolTable tools={allTools} nowMs={nowMs} />}
        {more(tools, "tools")}
      </section>
    </div>
  );
}

/** Said plainly, with who waits: it is what somebody must do something about. */
function Unserved({
  tools,
  isPart,
}: {
  readonly tools: readonly ListedTool[];
  /** There are further tools, of which it is not known yet. */
  readonly isPart: boolean;
}): ReactNode {
  const { data } = useQuery(
    RunService.method.listRuns,
    { states: [RunState.RUNNING], pageSize: LOOKED_AT_RUNS },
    { refetchInterval: LOOK_AGAIN_MS },
  );
  return (
    <Alert
      color="orange"
      title={tools.length === 1 ? "Nobody serves one of the tools" : `Nobody serves ${tools.length} of the tools`}
    >
      <ul className="short-rows">
        {tools.map((tool) => {
          const runs = data?.runs.filter((run) => waitsFor(tool, run)) ?? [];
          const waiting = waitingWords(tool);
          return (
            <li key={`${tool.queue}/${tool.name}`}>
              <span className="tool">
                {tool.queue}/{tool.name}
              </span>
              {tool.agentNames.length === 0 ? null : (
                <>
                  , a tool of <AgentLinks names={tool.agentNames} />
                </>
              )}
              {waiting === undefined ? null : `: ${waiting}`}
              {runs.length === 0 ? null : (
                <>
                  . Runs that wait for it:{" "}
                  {runs.slice(0, MOST_RUNS).map(({ runId }, at) => (
                    <span key={runId}>
                      {at === 0 ? "" : ", "}
                      <Link href={runPath(runId)}>{runId}</Link>
                    </span>
                  ))}
                  {runs.length > MOST_RUNS ? ` and ${runs.length - MOST_RUNS} more of the newest` : ""}
                </>
              )}
            </li>
          );
        })}
      </ul>
      {isPart ? <p>Further tools were not looked at: show more of them below.</p> : null}
    </Alert>
  );
}
