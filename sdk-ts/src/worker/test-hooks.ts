import type { ToolContext } from "../tool-context.js";
import type { Clock } from "./clock.js";

/** Which task a hook is called for. */
export interface HookedTask {
  readonly runId: string;
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly toolName: string;
}

/** Which of a tool's functions is called. */
export type ToolFunction = "execute" | "probe" | "preview";

/**
 * For tests only: points of a task's life, in their order. What a hook returns is awaited, so a test can hold a task
 * there, or end the process and see what the server makes of it. A hook that throws ends the task like a lost process
 * would: nothing more is sent for it.
 */
export interface WorkerTestHooks {
  /** The hint is here; the claim is not sent yet. */
  readonly beforeClaim?: (task: HookedTask) => void | Promise<void>;
  /** The claim is granted; nothing of it is checked yet. */
  readonly afterClaim?: (task: HookedTask) => void | Promise<void>;
  /** All is checked but whether there is time left to begin. */
  readonly beforeExecute?: (task: HookedTask) => void | Promise<void>;
  /** The function has returned or thrown; nothing is reported yet. */
  readonly afterExecute?: (task: HookedTask) => void | Promise<void>;
  /** The outcome is reported and answered. */
  readonly afterComplete?: (task: HookedTask) => void | Promise<void>;
  /**
   * Calls a function of the tool, or something else in its place; what it gives is what the function gave. `context` is
   * that of execute.
   */
  readonly call?: (
    task: HookedTask,
    which: ToolFunction,
    call: () => Promise<unknown>,
    args: unknown,
    context: ToolContext | undefined,
  ) => Promise<unknown>;
  /** In place of the clocks, not of the timers. */
  readonly clock?: Clock;
}
