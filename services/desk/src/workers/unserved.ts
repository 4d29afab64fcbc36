// Tools that no worker serves, and the runs that wait for them.
import type { ListedTool, RunStatus } from "@agentspan/proto";

export function isUnserved({ workerProcesses }: Pick<ListedTool, "workerProcesses">): boolean {
  return workerProcesses === 0;
}

/** A run's status names tools as its agent does; which queue that is the agent's definition says. */
export function waitsFor({ name, agentNames }: ListedTool, { agentName, blockedOn }: RunStatus): boolean {
  return agentNames.includes(agentName) && blockedOn.includes(name);
}

/** "2 tasks wait"; undefined where nobody can tell. */
export function waitingWords({ waitingTasks }: Pick<ListedTool, "waitingTasks">): string | undefined {
  if (waitingTasks === undefined) return undefined;
  if (waitingTasks === 0n) return "nothing waits";
  return waitingTasks === 1n ? "1 task waits" : `${waitingTasks.toLocaleString("en")} tasks wait`;
}
