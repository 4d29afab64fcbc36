import { type TaskHint, TaskHintSchema } from "@agentspan/proto";
import { fromBinary } from "@bufbuild/protobuf";
import type { LinkMessage, WorkerLink } from "./worker-link.js";

/** A delivered hint. Losing an answer to it is harmless: it comes again, and the claim is refused. */
export interface TaskMessage {
  /** Undefined where the body is none of the contract. */
  readonly hint: TaskHint | undefined;
  /** Done with: the claim was answered. */
  ack(): void;
  /** Let another worker have it, after so many milliseconds; at once unless said. */
  giveBack(afterMs?: number): void;
  /** Still at it: do not deliver it again yet. */
  working(): void;
  /** Nobody can use it. */
  drop(): void;
}

export function taskMessage(message: LinkMessage, link: Pick<WorkerLink, "publish">): TaskMessage {
  const respond = (text: string) => link.publish(message.reply ?? "", text);
  return {
    hint: readHint(message.data),
    ack: () => respond("+ACK"),
    giveBack: (afterMs) => respond(afterMs === undefined ? "-NAK" : `-NAK ${JSON.stringify({ delay: afterMs * 1e6 })}`),
    working: () => respond("+WPI"),
    drop: () => respond("+TERM not a task hint"),
  };
}

function readHint(body: Uint8Array): TaskHint | undefined {
  try {
    return fromBinary(TaskHintSchema, body);
  } catch {
    // Not ours; the caller logs and drops it.
    return undefined;
  }
}
