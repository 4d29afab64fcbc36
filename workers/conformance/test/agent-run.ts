// A run of the whole stack as scenarios follow it.

import type { Step } from "@agentspan/e2e";
import type { AgentHandle, Approval, RunStatus } from "@agentspan/sdk";
import { conformanceAgent, type World } from "../src/index.js";

export interface AgentRun {
  readonly runId: string;
  readonly handle: AgentHandle;
  /** What its model was told of the calls of the last turn. */
  told(): readonly string[];
  /** Resolves when it has completed. Throws where it ends otherwise. */
  completed(): Promise<void>;
}

/** Starts a run of an agent of this name, whose model says these things. Drivers serve its tools. */
export async function startRun(world: World, queue: string, steps: readonly Step[]): Promise<AgentRun> {
  const stack = await world.stack();
  const input = stack.model.script(queue, steps);
  const handle = await stack.runtime().start(conformanceAgent(queue), input, { serve: false });
  return {
    runId: handle.runId,
    handle,
    told: () => stack.model.told(input),
    completed: async () => {
      const { state } = await handle.result({ signal: AbortSignal.timeout(world.patienceMs) });
      if (state !== "COMPLETED") throw new Error(`The run has ended as ${state}.`);
    },
  };
}

/** The status once it is as wanted. */
export function eventually(
  world: World,
  what: string,
  { handle }: AgentRun,
  wanted: (status: RunStatus) => boolean,
): Promise<RunStatus> {
  return world.until(what, async () => {
    const status = await handle.getStatus();
    return wanted(status) && status;
  });
}

/** The open checkpoint of a kind, once there is one. */
export async function checkpoint(world: World, run: AgentRun, kind: Approval["kind"]): Promise<Approval> {
  const isKind = (one: Approval) => one.kind === kind;
  const status = await eventually(world, `a checkpoint ${kind} is open`, run, ({ pendingApprovals }) =>
    pendingApprovals.some(isKind),
  );
  const found = status.pendingApprovals.find(isKind);
  if (found === undefined) throw new Error("It was there a moment ago.");
  return found;
}
