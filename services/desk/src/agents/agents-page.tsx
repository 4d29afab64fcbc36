// The agents of the server, by name.
import { AgentService } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Button, Loader, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { ListTable } from "../shell/list-table.js";
import { NotListed } from "../shell/not-listed.js";
import { useNow } from "../shell/use-now.js";
import { useTitle } from "../shell/use-title.js";
import { fromNow } from "../text/reading.js";
import { agentPath, shortVersion } from "./agent-path.js";

const PAGE = 100;
const LOOK_AGAIN_MS = 10_000;

export function AgentsPage(): ReactNode {
  useTitle("Agents");
  const nowMs = useNow(5_000);
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery(
    AgentService.method.listAgents,
    { pageSize: PAGE, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      refetchInterval: LOOK_AGAIN_MS,
    },
  );
  const agents = data?.pages.flatMap((page) => page.agents) ?? [];
  return (
    <>
      <div className="page-head">
        <Title order={1} size="h2">
          Agents
        </Title>
        <span className="count" role="status">
          {data === undefined ? "" : `${agents.length.toLocaleString("en")}${hasNextPage ? " and more" : ""}`}
        </span>
      </div>
      {error === null ? null : (
        <NotListed error={error} what="The agents" isOld={agents.length > 0} onAgain={() => void refetch()} />
      )}
      {isPending && error === null ? <Loader aria-label="Loading the agents" /> : null}
      {agents.length === 0 ? null : (
        <ListTable heads={["Agent", "Newest version", "Stored", "Runs"]}>
          {agents.map(({ name, version, createdAt }) => (
            <tr key={name}>
              <th scope="row">
                <Link href={agentPath(name)}>{name}</Link>
              </th>
              <td className="mono">{shortVersion(version)}</td>
              <td>{createdAt === undefined ? "" : fromNow(timestampMs(createdAt), nowMs)}</td>
              <td>
                <Link href={`/runs?agent=${encodeURIComponent(name)}`} aria-label={`Runs of ${name}`}>
                  its runs
                </Link>
              </td>
            </tr>
          ))}
        </ListTable>
      )}
      {data !== undefined && agents.length === 0 ? (
        <p className="nothing">No agent is stored. Starting a run stores the one that it brings.</p>
      ) : null}
      {hasNextPage ? (
        <p className="more">
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more agents
          </Button>
        </p>
      ) : null}
    </>
  );
}
