// The functions of agents' tools, as a kit has them called.
import type { WorkerTestHooks } from "../worker/test-hooks.js";
import type { KitOptions } from "./kit.js";
import type { FunctionsInProgress } from "./stack/functions-in-progress.js";

export interface ToolHooksOptions {
  readonly functions: FunctionsInProgress;
  /** Called in place of the agents' own functions, by the tool's name. */
  readonly instead: KitOptions["tools"];
  /** A tool's function is about to be called. */
  readonly onRun: (toolName: string) => void;
}

class WorkerLost extends Error {}

/**
 * In a function of a kit's `tools`: the worker that runs the call is lost in the middle of it, and nobody ever says what
 * became of it.
 *
 * @example
 * tools: { process_refund: () => workerLost() }
 */
export function workerLost(): never {
  throw new WorkerLost("The worker is lost here.");
}

/** Calls the agents' functions, or what the test has in their place, and keeps the time for them. */
export function toolHooks({
  functions,
  instead = {},
  onRun,
}: ToolHooksOptions): Pick<WorkerTestHooks, "call" | "afterExecute"> {
  const lost = new Set<string>();
  return {
    call: async ({ toolName, nonce }, which, call, args, context) => {
      if (which === "execute") onRun(toolName);
      const other = context !== undefined && Object.hasOwn(instead, toolName) ? instead[toolName] : undefined;
      const name = which === "execute" ? toolName : `The ${which} of ${toolName}`;
      try {
        return await functions.run(
          name,
          other === undefined || context === undefined ? call : () => other(args as never, context),
        );
      } catch (error) {
        if (!(error instanceof WorkerLost)) throw error;
        lost.add(nonce);
        return undefined;
      }
    },
    // What is thrown here ends the task like a lost process would: nothing more is sent for it.
    afterExecute: ({ nonce, toolName }) => {
      if (lost.delete(nonce)) throw new WorkerLost(`The worker of ${toolName} is lost, as the test wants it.`);
    },
  };
}
