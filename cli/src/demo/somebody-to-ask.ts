import { isSeen } from "@agentspan/internal/characters";
import { CommandError } from "../command-error.js";
import type { Output } from "../output.js";

export interface DecisionFlags {
  readonly approve?: boolean;
  /** The reason. */
  readonly reject?: string;
}

/** Throws where nobody could answer the question that is coming, before anything is started. */
export function requireSomebodyToAsk({ approve, reject }: DecisionFlags, output: Output): void {
  if (approve === true && reject !== undefined) throw new CommandError("--approve and --reject exclude each other.", 2);
  if (reject !== undefined && !isSeen(reject)) {
    throw new CommandError("--reject needs a reason: the agent answers to it.", 2);
  }
  if (approve === true || reject !== undefined || output.interactive) return;
  throw new CommandError(
    'The demo asks a person to approve, and there is no terminal to ask in. Add --approve, or --reject "a reason".',
    2,
  );
}
