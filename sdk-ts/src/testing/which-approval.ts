// Which of several approvals a test decides.
import { shown } from "../option-check.js";
import { KitError } from "./kit-error.js";

export interface WhichApproval {
  /** The tool that is asked for. */
  readonly toolName?: string;
  /** Where several of one tool wait: as an approval, such as of run.status(), has it. */
  readonly approvalId?: string;
}

/** Splits what a method of a run is given. Throws KitError where it is no object. */
export function detailsOf<T extends WhichApproval>(
  whose: string,
  options: T,
): readonly [WhichApproval, Omit<T, keyof WhichApproval>] {
  if (typeof options !== "object" || options === null) {
    const example = typeof options === "string" ? options : "process_refund";
    throw new KitError(
      `${whose} is given ${shown(options)}; which tool it is about is written as { toolName: ${JSON.stringify(example)} }.`,
    );
  }
  const { toolName, approvalId, ...details } = options;
  const which = {
    ...(toolName === undefined ? {} : { toolName }),
    ...(approvalId === undefined ? {} : { approvalId }),
  };
  return [which, details];
}
