import type { WorkerProcess } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Badge } from "@mantine/core";
import type { ReactNode } from "react";
import { ListTable } from "../shell/list-table.js";
import { fromNow, lasting } from "../text/reading.js";
import { SafeText } from "../text/safe-text.js";

/** Of a process so many tools are shown at first. */
const MOST_TOOLS = 6;

export function WorkerTable({
  workers,
  nowMs,
}: {
  readonly workers: readonly WorkerProcess[];
  readonly nowMs: number;
}): ReactNode {
  return (
    <ListTable heads={["Worker", "State", "SDK", "Since", "In hand", "Serves"]}>
      {workers.map((worker) => (
        <tr key={worker.instanceId}>
          <th scope="row">
            <SafeText text={worker.workerId} />
          </th>
          <td>
            <State worker={worker} nowMs={nowMs} />
          </td>
          <td>
            <SafeText text={`${worker.language} ${worker.sdkVersion}`.trim()} />
          </td>
          <td>{worker.registeredAt === undefined ? "" : fromNow(timestampMs(worker.registeredAt), nowMs)}</td>
          <td>{worker.tasksInHand.toLocaleString("en")}</td>
          <td>
            <Tools worker={worker} />
          </td>
        </tr>
      ))}
    </ListTable>
  );
}

function State({ worker, nowMs }: { readonly worker: WorkerProcess; readonly nowMs: number }): ReactNode {
  const { live, problem, lastSeenAt, permittedUntil } = worker;
  if (problem !== "") {
    return (
      <>
        <Badge color="red" variant="light">
          Not believed
        </Badge>
        <p>
          It has no calls, because <SafeText text={problem} />.
        </p>
      </>
    );
  }
  return (
    <>
      <Badge color={live ? "green" : "gray"} variant="light">
        {live || lastSeenAt === undefined
          ? live
            ? "Live"
            : "Silent"
          : `Silent for ${lasting(nowMs - timestampMs(lastSeenAt))}`}
      </Badge>
      {permittedUntil === undefined ? null : (
        <p className="quiet">permit ends {fromNow(timestampMs(permittedUntil), nowMs)}</p>
      )}
    </>
  );
}

function Tools({ worker: { workerId, tools } }: { readonly worker: WorkerProcess }): ReactNode {
  const items = tools.map(({ queue, name, approvalRequired, once, notPermitted }) => (
    <li key={`${queue}/${name}`}>
      <span className="tool">
        {queue}/{name}
      </span>
      {approvalRequired ? " – a person approves" : once ? " – starts once" : ""}
      {notPermitted ? <strong> – not permitted</strong> : null}
    </li>
  ));
  return (
    <>
      <ul className="served">{items.slice(0, MOST_TOOLS)}</ul>
      {items.length > MOST_TOOLS ? (
        <details>
          <summary>
            {items.length - MOST_TOOLS} more of <SafeText text={workerId} />
          </summary>
          <ul className="served">{items.slice(MOST_TOOLS)}</ul>
        </details>
      ) : null}
    </>
  );
}
