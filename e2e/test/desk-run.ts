// A run of the desk as the scenarios follow it.
import {
  type Agent,
  type AgentHandle,
  type AgentResult,
  AgentspanError,
  type Approval,
  type Reason,
  type RunStatus,
  type StartOptions,
} from "@agentspan/sdk";
import { deskAgent, type Stack, type Step, until } from "../src/index.js";

export interface DeskRun {
  readonly input: string;
  readonly runId: string;
  readonly handle: AgentHandle;
}

export interface DeskRunOptions extends StartOptions {
  readonly agent?: Agent;
  readonly gateway?: number;
}

/** Starts a run whose model says these things. Its tools are served by the stack's workers. */
export async function startRun(
  stack: Stack,
  name: string,
  steps: readonly Step[],
  { agent = deskAgent(), gateway = 0, ...options }: DeskRunOptions = {},
): Promise<DeskRun> {
  const input = stack.model.script(name, steps);
  const handle = await stack.runtime(gateway).start(agent, input, { serve: false, ...options });
  return { input, runId: handle.runId, handle };
}

/** The status once so many checkpoints are open. */
export function waitingFor({ handle, runId }: Pick<DeskRun, "handle" | "runId">, open = 1): Promise<RunStatus> {
  return until(`run ${runId} has ${open} open checkpoints`, async () => {
    const status = await handle.getStatus();
    if (status.isComplete) throw new Error(`The run has ended: ${JSON.stringify(status)}`);
    return status.pendingApprovals.length === open && status;
  });
}

/** The only open checkpoint, once there is one. */
export async function theApproval(run: DeskRun): Promise<Approval> {
  const { pendingApprovals } = await waitingFor(run);
  return approvalOf(pendingApprovals);
}

export function approvalOf(approvals: readonly Approval[], tool?: string): Approval {
  const found = approvals.find(({ toolName }) => tool === undefined || toolName === tool);
  if (found === undefined) throw new Error(`No approval of ${tool ?? "any tool"} is open.`);
  return found;
}

/** The result once the run has ended. */
export function ended({ handle }: DeskRun): Promise<AgentResult> {
  return handle.result({ signal: AbortSignal.timeout(100_000) });
}

/** The refusal that a call ends in. */
export async function refusal(call: Promise<unknown>, reason: Reason): Promise<AgentspanError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof AgentspanError && error.reason === reason) return error;
    throw error;
  }
  throw new Error(`The call was carried out; ${reason} was expected.`);
}

export function call(tool: string, args: unknown = {}) {
  return { calls: [{ tool, args }] };
}

export const REFUND = { order_id: "ORD-8821", amount: 29.99 } as const;
