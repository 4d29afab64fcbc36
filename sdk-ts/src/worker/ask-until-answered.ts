import type { WorkerVerb } from "@agentspan/internal";
import type { WorkerError } from "@agentspan/proto";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { backoffMs, pause } from "../backoff.js";
import type { WorkerParts } from "./worker-parts.js";

/** How long one try waits: short at first, since an orchestrator that is gone does not answer at all. */
const FIRST_TIMEOUT_MS = 1_000;
const MOST_TIMEOUT_MS = 5_000;

interface AskOptions {
  /** Is asked first: it has the run at hand. */
  readonly first?: string | undefined;
  /** Ends the asking with its reason; until then it goes on, over any outage. */
  readonly signal: AbortSignal;
  /** Before each repetition. */
  readonly onRepeat?: () => void;
}

/**
 * Sends the same request until it is answered: first to the orchestrator that knows the run, then to any. An answer with
 * an error that names a time is repeated after it; one that names none is given back, to be final.
 */
export async function askUntilAnswered<I extends DescMessage, O extends DescMessage>(
  { link, time }: Pick<WorkerParts, "link" | "time">,
  verb: WorkerVerb,
  messages: readonly [I, O],
  request: MessageShape<I>,
  { first, signal, onRepeat }: AskOptions,
): Promise<MessageShape<O>> {
  let orchestratorId = first === "" ? undefined : first;
  let failed = 0;
  for (;;) {
    signal.throwIfAborted();
    const timeoutMs = Math.min(MOST_TIMEOUT_MS, FIRST_TIMEOUT_MS * 2 ** failed);
    const answer = await link.ask(verb, messages, request, { timeoutMs, orchestratorId });
    const error = answer && errorOf(answer);
    if (answer !== undefined && error?.retryAfter === undefined) return answer;
    onRepeat?.();
    if (orchestratorId !== undefined && answer === undefined) {
      // It did not answer: any other may, at once.
      orchestratorId = undefined;
      continue;
    }
    failed++;
    const waitMs = error?.retryAfter ? durationMs(error.retryAfter) : backoffMs(failed, 100, 2_000);
    await pause(waitMs, signal, { ref: false, time });
  }
}

/** Whether what it asks for is a registration: the same request may be sent again after one. */
export function isUnregistered(error: WorkerError | undefined): boolean {
  return error?.reason === "PERMISSION_DENIED";
}

/** Every answer of the worker protocol may hold one. */
export function errorOf(answer: object): WorkerError | undefined {
  return "error" in answer ? (answer.error as WorkerError | undefined) : undefined;
}
