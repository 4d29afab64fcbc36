// One agent: what it is, in one of its versions, and what is other in another.
import { AgentService } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { Button, Loader, NativeSelect, Title } from "@mantine/core";
import { type ReactNode, useMemo } from "react";
import { Link, useSearchParams } from "wouter";
import { Differences } from "../approval/differences.js";
import { NotListed } from "../shell/not-listed.js";
import { useNow } from "../shell/use-now.js";
import { useTitle } from "../shell/use-title.js";
import { fromNow } from "../text/reading.js";
import { shortVersion } from "./agent-path.js";
import { comparable } from "./comparable.js";
import { Definition } from "./definition.js";

const VERSIONS_PAGE = 50;

export function AgentPage({ name }: { readonly name: string }): ReactNode {
  useTitle(name);
  const nowMs = useNow(5_000);
  const [search, setSearch] = useSearchParams();
  const [asked, other] = [search.get("version") ?? "", search.get("beside") ?? ""];
  // A version never changes; which one is the newest does.
  const found = useQuery(AgentService.method.getAgent, { name, version: asked });
  const versions = useInfiniteQuery(
    AgentService.method.listAgentVersions,
    { name, pageSize: VERSIONS_PAGE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  const all = versions.data?.pages.flatMap((page) => page.versions) ?? [];
  const { agent, version = "" } = found.data ?? {};
  if (found.error !== null && agent === undefined) {
    return <NotListed error={found.error} what="The agent" isOld={false} onAgain={() => void found.refetch()} />;
  }
  if (agent === undefined) return <Loader aria-label="Loading the agent" />;
  const named = (of: string, createdAt: (typeof all)[number]["createdAt"]) =>
    `${shortVersion(of)}${createdAt === undefined ? "" : `, stored ${fromNow(timestampMs(createdAt), nowMs)}`}`;
  const choices = all.map((one) => ({ value: one.version, label: named(one.version, one.createdAt) }));
  const change = (more: Readonly<Record<string, string>>): void => {
    const next = { version, beside: other, ...more };
    setSearch(new URLSearchParams(Object.entries(next).filter(([, value]) => value !== "")), { replace: true });
  };
  return (
    <article className="agent-page">
      <div className="page-head">
        <Title order={1} size="h2">
          {agent.name}
        </Title>
        <Link href={`/runs?agent=${encodeURIComponent(name)}`}>Runs of it</Link>
      </div>
      <div className="filters">
        <NativeSelect
          label="Version"
          value={version}
          onChange={(event) => change({ version: event.currentTarget.value })}
          data={
            choices.some(({ value }) => value === version)
              ? choices
              : [{ value: version, label: named(version, found.data?.createdAt) }, ...choices]
          }
        />
        <NativeSelect
          label="Compared with"
          value={other}
          onChange={(event) => change({ beside: event.currentTarget.value })}
          data={[{ value: "", label: "No other" }, ...choices.filter(({ value }) => value !== version)]}
        />
        {versions.hasNextPage ? (
          <Button variant="default" loading={versions.isFetchingNextPage} onClick={() => void versions.fetchNextPage()}>
            Older versions
          </Button>
        ) : null}
      </div>
      {other === "" || other === version ? null : <Compared name={name} version={version} other={other} />}
      <Definition agent={agent} version={version} />
    </article>
  );
}

interface ComparedProps {
  readonly name: string;
  readonly version: string;
  readonly other: string;
}

function Compared({ name, version, other }: ComparedProps): ReactNode {
  const get = AgentService.method.getAgent;
  const before = useQuery(get, { name, version: other }, { staleTime: "static" });
  const after = useQuery(get, { name, version }, { staleTime: "static" });
  const [was, is] = [before.data?.agent, after.data?.agent];
  const texts = useMemo(
    () => (was === undefined || is === undefined ? undefined : [comparable(was), comparable(is)]),
    [was, is],
  );
  const error = before.error ?? after.error;
  return (
    <section className="card" aria-label="What is other">
      <Title order={2} size="h4">
        What is other in {shortVersion(version)} than in {shortVersion(other)}
      </Title>
      {error === null ? null : (
        <NotListed error={error} what="The other version" isOld={false} onAgain={() => void before.refetch()} />
      )}
      {texts === undefined ? (
        error === null && <Loader aria-label="Loading the other version" />
      ) : (
        <Differences
          before={texts[0] ?? ""}
          after={texts[1] ?? ""}
          words={[shortVersion(other), shortVersion(version)]}
        />
      )}
    </section>
  );
}
