// agentspan workers list
import { type ListedTool, ListedToolSchema, type WorkerProcess, WorkerProcessSchema } from "@agentspan/proto";
import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { messageJson } from "../message-json.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { listTools, listWorkers } from "../run-lists.js";
import { oneLine, safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime, span } from "../times.js";

export interface WorkersListFlags extends UrlOption {
  readonly limit: number;
  readonly json?: boolean;
}

export function workersList(flags: WorkersListFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const [workers, tools] = await Promise.all([listWorkers(runtime, flags.limit), listTools(runtime, flags.limit)]);
    if (flags.json === true) {
      return output.json({
        workers: workers.items.map((worker) => messageJson(WorkerProcessSchema, worker)),
        tools: tools.items.map((tool) => messageJson(ListedToolSchema, tool)),
      });
    }
    if (workers.items.length === 0) output.line("No worker has shown life in the last hour.");
    else {
      const now = Date.now();
      output.table(
        [
          ["WORKER", "STATE", "SDK", "SINCE", "IN HAND", "SERVES"],
          ...workers.items.map((worker) => rowOf(worker, now)),
        ],
        "",
      );
    }
    for (const { workerId, problem } of workers.items) {
      if (problem !== "") output.line(`${safeText(workerId)} has no calls, because ${safeText(problem)}.`);
    }
    const unserved = tools.items.filter(({ workerProcesses }) => workerProcesses === 0);
    if (unserved.length > 0) output.line();
    for (const tool of unserved) output.line(nobodyServes(tool));
    if (workers.more || tools.more) output.line(`There are more: --limit ${flags.limit * 10}`);
  });
}

function rowOf(worker: WorkerProcess, now: number): readonly string[] {
  const { workerId, language, sdkVersion, registeredAt, tasksInHand, tools } = worker;
  const serves = tools.map(
    ({ queue, name, notPermitted }) => `${queue}/${name}${notPermitted ? " (not permitted)" : ""}`,
  );
  return [
    oneLine(workerId, 40),
    stateOf(worker, now),
    oneLine(`${language} ${sdkVersion}`.trim(), 24) || "-",
    dateAndTime(registeredAt && timestampDate(registeredAt)),
    String(tasksInHand),
    oneLine(serves.join(" "), 100),
  ];
}

function stateOf({ live, problem, lastSeenAt }: WorkerProcess, now: number): string {
  if (problem !== "") return "not believed";
  if (live) return "live";
  return lastSeenAt === undefined ? "silent" : `silent for ${span(now - timestampMs(lastSeenAt))}`;
}

function nobodyServes({ queue, name, agentNames, waitingTasks }: ListedTool): string {
  const whose = agentNames.length === 0 ? "" : `, a tool of ${oneLine(agentNames.join(", "), 60)}`;
  const waits = waitingTasks === undefined || waitingTasks === 0n ? "" : `; tasks that wait: ${waitingTasks}`;
  return `Nobody serves ${queue}/${name}${whose}${waits}.`;
}
