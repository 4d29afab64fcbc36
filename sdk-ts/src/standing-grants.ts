// What an approver allows beforehand: docs/approvals.md says when a standing grant counts.
import { newId, systemTime, type Time } from "@agentspan/internal";
import { GrantService, type StandingGrant as StandingGrantMessage } from "@agentspan/proto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { dateOf } from "./approval.js";
import { type Duration, toMilliseconds } from "./duration.js";
import { type OptionKinds, requireKind, requireOptions } from "./option-check.js";
import type { RunClient } from "./rpc/run-client.js";

/** Calls of a tool that run without anybody being asked, in the name of whoever made the grant. */
export interface StandingGrant {
  readonly grantId: string;
  /** Of its terms, which never change. */
  readonly version: string;
  readonly agentName: string;
  readonly toolName: string;
  /** The CEL expression that is true of the calls that it is for; empty where for all of the tool. */
  readonly rule: string;
  readonly expiresAt: Date | undefined;
  readonly maxUses: number;
  /** Counted before a call is let run: there may be fewer calls than uses, and never more. */
  readonly uses: number;
  readonly description: string;
  readonly createdAt: Date | undefined;
  readonly createdBy: string;
  /** For whom a delegate made it; else empty. */
  readonly onBehalfOf: string;
  /** Undefined while it is good. */
  readonly revokedAt: Date | undefined;
  readonly revokedBy: string;
}

/** A grant that has just been made. */
export interface MadeGrant extends StandingGrant {
  /** Why it might never let a call run, by the agent's newest definition: sentences for people. */
  readonly doubts: readonly string[];
}

export interface GrantOptions {
  /** Names. */
  readonly agent: string;
  readonly tool: string;
  /** A CEL expression over `args` and `labels`, such as "args.amount <= 50"; every call of the tool unless said. */
  readonly rule?: string;
  /** From now, by this machine's clock. */
  readonly expiresIn: Duration;
  /** At most 100,000. */
  readonly maxUses: number;
  /** For people, at most 256 bytes. */
  readonly description?: string;
  /** For whom a delegate makes it. */
  readonly onBehalfOf?: string;
  /** The same key gives the same grant; a fresh one unless said. At most 256 bytes. */
  readonly idempotencyKey?: string;
}

export interface GrantFilter {
  readonly agent?: string;
  readonly tool?: string;
}

export interface RevokeOptions {
  /** For whom a delegate revokes it. */
  readonly onBehalfOf?: string;
}

const GRANT_OPTIONS: OptionKinds<GrantOptions> = {
  ...{ agent: "text", tool: "text", rule: "text", expiresIn: "duration", maxUses: "count" },
  ...{ description: "text", onBehalfOf: "text", idempotencyKey: "text" },
};
const REQUIRED = ["agent", "tool", "expiresIn", "maxUses"] as const;
const FILTER: OptionKinds<GrantFilter> = { agent: "text", tool: "text" };
const REVOKE_OPTIONS: OptionKinds<RevokeOptions> = { onBehalfOf: "text" };
const PAGE = 100;

/** The standing grants of a namespace, for its approvers. All methods throw AgentspanError. */
export class StandingGrants {
  readonly #client: RunClient;
  readonly #time: Pick<Time, "wall">;

  constructor(client: RunClient, time: Pick<Time, "wall"> = systemTime) {
    this.#client = client;
    this.#time = time;
  }

  /**
   * Allows calls beforehand. It counts within two seconds, where its maker may approve the call and did not start the
   * run. Throws INVALID_REQUEST where no call of the tool could ever fit, and PERMISSION_DENIED where others decide them.
   *
   * @example
   * await runtime.grants.create({
   *   agent: "refund_agent", tool: "process_refund", rule: "args.amount <= 50", expiresIn: "7d", maxUses: 20,
   * });
   */
  async create(options: GrantOptions): Promise<MadeGrant> {
    requireOptions(options, "The standing grant", GRANT_OPTIONS, REQUIRED);
    const { agent, tool, rule = "", expiresIn, maxUses, description = "", onBehalfOf = "" } = options;
    const { grant, doubts } = await this.#client.call(GrantService.method.createGrant, {
      ...{ agentName: agent, toolName: tool, rule, maxUses, description, onBehalfOf },
      expiresAt: timestampFromMs(this.#time.wall() + toMilliseconds(expiresIn, "expiresIn")),
      idempotencyKey: options.idempotencyKey ?? newId("key"),
    });
    return { ...grantOf(grant), doubts };
  }

  /** Throws GRANT_NOT_FOUND. */
  async get(grantId: string): Promise<StandingGrant> {
    requireKind(grantId, "text", "grantId", "The standing grant");
    const { grant } = await this.#client.call(GrantService.method.getGrant, { grantId });
    return grantOf(grant);
  }

  /** The newest first, those that were revoked, used up or have ended too. */
  async *list(filter: GrantFilter = {}): AsyncGenerator<StandingGrant> {
    requireOptions(filter, "The list of standing grants", FILTER);
    const { agent: agentName = "", tool: toolName = "" } = filter;
    let pageToken = "";
    do {
      const asked = { agentName, toolName, pageSize: PAGE, pageToken };
      const page = await this.#client.call(GrantService.method.listGrants, asked);
      for (const grant of page.grants) yield grantOf(grant);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }

  /** No call is let run by it from then on. Revoking it again changes nothing. Throws GRANT_NOT_FOUND. */
  async revoke(grantId: string, options: RevokeOptions = {}): Promise<StandingGrant> {
    requireKind(grantId, "text", "grantId", "The standing grant");
    requireOptions(options, "revoke()", REVOKE_OPTIONS);
    const { onBehalfOf = "" } = options;
    const { grant } = await this.#client.call(GrantService.method.revokeGrant, { grantId, onBehalfOf });
    return grantOf(grant);
  }
}

function grantOf(message: StandingGrantMessage | undefined): StandingGrant {
  if (message === undefined) throw new TypeError("The server answered without a grant.");
  const { $typeName: _, $unknown: __, expiresAt, createdAt, revokedAt, ...same } = message;
  return { ...same, expiresAt: dateOf(expiresAt), createdAt: dateOf(createdAt), revokedAt: dateOf(revokedAt) };
}
