import type { Time, TrustedKeys } from "@agentspan/internal";
import type { WorkerPermit } from "@agentspan/proto";
import type { Logger } from "../logger.js";
import type { ToolContext } from "../tool-context.js";
import type { HookedTask, ToolFunction, WorkerTestHooks } from "./test-hooks.js";
import type { WorkerLink } from "./worker-link.js";

/** Who speaks, in every request. */
export interface WorkerIdentity {
  readonly workerId: string;
  /** Fresh for each start: leases hang on it. */
  readonly incarnation: string;
  readonly namespace: string;
}

/** Calls a function of a task's tool; `context` is what execute is told. */
export function callTool(
  { hooks }: Pick<WorkerParts, "hooks">,
  task: HookedTask,
  which: ToolFunction,
  call: () => Promise<unknown>,
  args: unknown,
  context?: ToolContext,
): Promise<unknown> {
  return hooks.call === undefined ? call() : hooks.call(task, which, call, args, context);
}

/** What each step of a task's life needs. */
export interface WorkerParts {
  readonly identity: WorkerIdentity;
  readonly link: WorkerLink;
  readonly logger: Logger;
  readonly time: Time;
  readonly hooks: WorkerTestHooks;
  /** Whose signatures on grants count; absent where they are not signed. */
  readonly trustedKeys?: TrustedKeys | undefined;
  /** That it may serve its tools; absent where it has none to show. */
  readonly permit?: WorkerPermit | undefined;
  /** In the background: the server has forgotten this worker, or may have. */
  readonly registerSoon: () => void;
  /** Resolves when the server knows what is served here; also while the worker shuts down. Throws where it refuses. */
  readonly registerNow: () => Promise<void>;
  /** Aborts when shutdown waits no longer: what is still unanswered stays so. */
  readonly ended: AbortSignal;
}
