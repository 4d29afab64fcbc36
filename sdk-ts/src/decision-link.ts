// A link by which one person decides one approval: docs/decision-links.md says what it is worth.
import { newId, systemTime } from "@agentspan/internal";
import { ApprovalService, type DecisionLink as DecisionLinkMessage } from "@agentspan/proto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { dateOf } from "./approval.js";
import { type Duration, toMilliseconds } from "./duration.js";
import { type OptionKinds, requireKind, requireOptions } from "./option-check.js";
import type { RunClient } from "./rpc/run-client.js";

export interface DecisionLink {
  /** Also the id of the decision that is made by it. */
  readonly linkId: string;
  /** Only its path where the server does not know its address, and this program speaks to it by another than a URL's. */
  readonly url: string;
  readonly runId: string;
  readonly approvalId: string;
  readonly person: string;
  readonly toolName: string;
  readonly argumentsDigest: string;
  readonly expiresAt: Date | undefined;
}

export interface DecisionLinkOptions {
  /** Which approval, where several are open. */
  readonly approvalId?: string;
  /** From now, by this machine's clock; a day unless said, and never longer than the approval itself. */
  readonly expiresIn?: Duration;
  /** The same key gives the same link; a fresh one unless said. At most 256 bytes. */
  readonly idempotencyKey?: string;
}

const OPTIONS: OptionKinds<DecisionLinkOptions> = { approvalId: "text", expiresIn: "duration", idempotencyKey: "text" };

/** Throws AgentspanError, as AgentHandle.createDecisionLink says. */
export async function createDecisionLink(
  client: RunClient,
  runId: string,
  person: string,
  options: DecisionLinkOptions,
): Promise<DecisionLink> {
  requireKind(person, "text", "person", "The person of createDecisionLink()");
  requireOptions(options, "createDecisionLink()", OPTIONS);
  const { approvalId = "", expiresIn, idempotencyKey = newId("key") } = options;
  const { link } = await client.call(ApprovalService.method.createDecisionLink, {
    ...{ runId, approvalId, person, idempotencyKey },
    ...(expiresIn !== undefined && {
      expiresAt: timestampFromMs(systemTime.wall() + toMilliseconds(expiresIn, "expiresIn")),
    }),
  });
  return linkOf(link, client.address);
}

function linkOf(message: DecisionLinkMessage | undefined, address: string): DecisionLink {
  if (message === undefined) throw new TypeError("The server answered without a link.");
  const { $typeName: _, $unknown: __, expiresAt, url, ...same } = message;
  // A server that does not know its own address is where it was asked.
  const isPath = url.startsWith("/") && /^https?:/.test(address);
  return { ...same, url: isPath ? new URL(url, address).href : url, expiresAt: dateOf(expiresAt) };
}
