// agentspan approvals link
import { lookAlikesIn } from "@agentspan/internal/characters";
import type { Duration } from "@agentspan/sdk";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime } from "../times.js";

export interface ApprovalLinkFlags extends UrlOption {
  readonly to: string;
  readonly expires: string;
  readonly json?: boolean;
}

export function approvalLink(
  runId: string,
  approvalId: string | undefined,
  flags: ApprovalLinkFlags,
  output: Output,
): Promise<void> {
  return withServer(flags, async (runtime) => {
    const link = await runtime.handle(runId).createDecisionLink(flags.to, {
      expiresIn: flags.expires as Duration,
      ...(approvalId === undefined ? {} : { approvalId }),
    });
    if (flags.json === true) return output.json(link);
    output.line(`For ${safeText(link.person)}, to decide ${safeText(link.toolName)} once (${link.linkId}):`);
    for (const { word, why, codes } of lookAlikesIn(link.person)) {
      output.line(`Look again: “${word}” has ${why} (${codes.join(", ")}).`);
    }
    output.line();
    output.line(`  ${link.url}`);
    output.line();
    output.line(`Good until ${dateAndTime(link.expiresAt)}, for the arguments that the call has now.`);
    output.line("Where authentication is on, they sign in; where it is off, whoever has the link can decide.");
    if (link.url.startsWith("/")) output.line("Put the gateway's address before it: AGENTSPAN_PUBLIC_URL is not set.");
  });
}
