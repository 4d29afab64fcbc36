// E-mail: each recipient gets a mail of their own, with a link of their own where they may decide.
import { AgentspanError } from "@agentspan/internal";
import type { Clock } from "../../clock.js";
import type { DecisionLinks } from "../../decision-links.js";
import type { Channel, Delivery, SendEnd, Webhook } from "../../ports.js";
import { readMailto } from "../addresses.js";
import { asks, type Notice, readNotice } from "../notice.js";
import type { OpenApprovals } from "../open-approvals.js";
import { deskUrlOf } from "../shown-text.js";
import { canReceiveMail } from "./address.js";
import { composeMail } from "./compose.js";
import type { Mailer } from "./smtp-mailer.js";

export interface EmailChannelOptions {
  readonly mailer: Mailer;
  readonly clock: Clock;
  readonly approvals: OpenApprovals;
  readonly links: Pick<DecisionLinks, "issue" | "canBeSent">;
  /** Where people reach the gateways; mail has no links without. */
  readonly publicUrl?: string | undefined;
}

/** A link is good for so long, and never after its approval's own time. */
const LINK_MS = 7 * 24 * 60 * 60_000;

const NOBODY = "the tool's policy names no user whose name is an address of mail, so that nobody gets it";

export class EmailChannel implements Channel {
  constructor(private readonly options: EmailChannelOptions) {}

  async problem(url: string): Promise<string | undefined> {
    const read = readMailto(url);
    return "fault" in read ? read.fault : undefined;
  }

  async send({ webhookId }: Webhook, delivery: Delivery): Promise<SendEnd> {
    const notice = readNotice(delivery);
    const { to = "" } = notice ?? {};
    if (notice === undefined || !canReceiveMail(to)) {
      const why = notice === undefined || to !== "" ? "it does not say who gets it" : NOBODY;
      return { kind: "failed", why, final: "delivery" };
    }
    try {
      // Whoever is asked late is not asked in vain.
      if (asks(notice) && !(await this.options.approvals.isOpen(delivery.runId, notice.data.approvalId))) {
        return { kind: "taken" };
      }
      const decide = await this.decisionLink(notice, to);
      const desk = deskUrlOf(this.options.publicUrl, notice.data);
      return await this.options.mailer.send(composeMail(notice, to, webhookId, { desk, decide }));
    } catch (thrown) {
      return { kind: "failed", why: `what it says could not be put together: ${AgentspanError.from(thrown).reason}` };
    }
  }

  close(): Promise<void> {
    return this.options.mailer.close();
  }

  /** For whoever the policy names by this address: a mailbox that several read is nobody. */
  private async decisionLink({ data, deliveryId, previews }: Notice, to: string): Promise<string | undefined> {
    const { links, clock } = this.options;
    const { namespace, runId: run, approvalId: approval, agentName: agent, toolName: tool, kind } = data;
    const { argumentsDigest: digest, expiresAt, approvers } = data;
    if (!links.canBeSent || kind !== "APPROVAL" || previews === true || !approvers?.users.includes(to))
      return undefined;
    if (approval === undefined || tool === undefined || digest === undefined) return undefined;
    const until = Math.min(
      Math.floor(clock.now()) + LINK_MS,
      expiresAt === undefined ? Infinity : Date.parse(expiresAt),
    );
    const asked = { namespace, run, approval, agent, tool, digest, person: to, until };
    return (await links.issue({ key: `${deliveryId} ${to}`, ...asked })).url;
  }
}
