import type { ListedTool } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Badge } from "@mantine/core";
import type { ReactNode } from "react";
import { AgentLinks } from "../agents/agent-links.js";
import { ListTable } from "../shell/list-table.js";
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
    <ListTable heads={["Tool", "Served by", "People", "Agents", "Waits"]}>
      {tools.map((tool) => (
        <tr key={`${tool.queue}/${tool.name}`}>
          <th scope="row" className="tool">
            {tool.queue}/{tool.name}
          </th>
          <td>{isUnserved(tool) ? <Nobody tool={tool} nowMs={nowMs} /> : <ServedBy tool={tool} />}</td>
          <td>{tool.approvalRequired ? "approve each call" : tool.once ? "starts once" : ""}</td>
          <td>
            <AgentLinks names={tool.agentNames} />
          </td>
          <td>{waitingWords(tool) ?? <span className="quiet">not known</span>}</td>
        </tr>
      ))}
    </ListTable>
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
