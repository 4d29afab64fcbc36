import type { ListedTool } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Badge } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { agentPath } from "../agents/agent-path.js";
import { fromNow } from "../text/reading.js";
import { SafeText } from "../text/safe-text.js";
import { isUnserved, waitingWords } from "./unserved.js";

export function ToolTable({
  tools,
  nowMs,
}: {
  readonly tools: readonly ListedTool[];
  readonly nowMs: number;
}): ReactNode {
  return (
    <table className="list card">
      <thead>
        <tr>
          <th scope="col">Tool</th>
          <th scope="col">Served by</th>
          <th scope="col">People</th>
          <th scope="col">Agents</th>
          <th scope="col">Waits</th>
        </tr>
      </thead>
      <tbody>
        {tools.map((tool) => (
          <tr key={`${tool.queue}/${tool.name}`}>
            <th scope="row" className="tool">
              {tool.queue}/{tool.name}
            </th>
            <td>{isUnserved(tool) ? <Nobody tool={tool} nowMs={nowMs} /> : <ServedBy tool={tool} />}</td>
            <td>{tool.approvalRequired ? "approve each call" : tool.once ? "starts once" : ""}</td>
            <td>
              {tool.agentNames.map((name, at) => (
                <span key={name}>
                  {at === 0 ? "" : ", "}
                  <Link href={agentPath(name)}>{name}</Link>
                </span>
              ))}
            </td>
            <td>{waitingWords(tool) ?? <span className="quiet">not known</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Nobody({ tool: { lastServedAt }, nowMs }: { readonly tool: ListedTool; readonly nowMs: number }): ReactNode {
  return (
    <>
      <Badge color="orange" variant="light">
        Nobody
      </Badge>
      {lastServedAt === undefined ? null : (
        <p className="quiet">the last one, {fromNow(timestampMs(lastServedAt), nowMs)}</p>
      )}
    </>
  );
}

function ServedBy({ tool: { workerIds, workerProcesses } }: { readonly tool: ListedTool }): ReactNode {
  return (
    <>
      <SafeText text={workerIds.join(", ")} />
      {workerProcesses > workerIds.length ? ` (${workerProcesses.toLocaleString("en")} processes)` : ""}
    </>
  );
}
