// agentspan grants create|list|show|revoke
import type { Duration, StandingGrant } from "@agentspan/sdk";
import { commandName } from "../command-name.js";
import { moreWords, type UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { oneLine, safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime } from "../times.js";

interface Speaker extends UrlOption {
  readonly onBehalfOf?: string;
  readonly json?: boolean;
}

export interface GrantsCreateFlags extends Speaker {
  readonly agent: string;
  readonly tool: string;
  readonly rule?: string;
  readonly expires: string;
  readonly uses: number;
  readonly description?: string;
}

export function grantsCreate(flags: GrantsCreateFlags, output: Output): Promise<void> {
  return withServer(flags, async ({ grants }) => {
    const { agent, tool, rule = "", expires, uses: maxUses, description = "", onBehalfOf = "" } = flags;
    const expiresIn = expires as Duration;
    const grant = await grants.create({ agent, tool, rule, expiresIn, maxUses, description, onBehalfOf });
    if (flags.json === true) return output.json(grant);
    const calls = grant.rule === "" ? "every call" : "calls whose arguments fit";
    output.line(`Grant ${grant.grantId}: ${calls} of ${tool} in ${agent} may run without being asked about.`);
    output.line("Not in runs that you started yourself, unless the tool's policy lets their starters approve.");
    const most = grant.maxUses === 1 ? "Once" : `At most ${grant.maxUses} times`;
    output.line(`${most}, until ${dateAndTime(grant.expiresAt)}. Take it back with:`);
    output.line(`  ${commandName()} grants revoke ${grant.grantId}`);
    for (const doubt of grant.doubts) output.line(`Look again: ${safeText(doubt)}`);
  });
}

export interface GrantsListFlags extends UrlOption {
  readonly agent?: string;
  readonly tool?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export function grantsList(flags: GrantsListFlags, output: Output): Promise<void> {
  return withServer(flags, async ({ grants }) => {
    const { agent = "", tool = "", limit } = flags;
    const found: StandingGrant[] = [];
    for await (const grant of grants.list({ agent, tool })) {
      found.push(grant);
      if (found.length > limit) break;
    }
    const shown = found.slice(0, limit);
    if (flags.json === true) return output.json(shown);
    if (shown.length === 0) return output.line("No standing grants: people are asked about every call that waits.");
    output.table(
      [
        ["GRANT", "AGENT", "TOOL", "RULE", "USES", "STATE", "BY", "FOR"],
        ...shown.map((grant) => [
          grant.grantId,
          grant.agentName,
          grant.toolName,
          grant.rule === "" ? "-" : oneLine(grant.rule, 50),
          `${grant.uses} of ${grant.maxUses}`,
          stateOf(grant, Date.now()),
          oneLine(personOf(grant), 40),
          oneLine(grant.description, 40),
        ]),
      ],
      "",
    );
    if (found.length > limit) output.line(`\n${moreWords(limit)}`);
  });
}

export function grantsShow(grantId: string, flags: Speaker, output: Output): Promise<void> {
  return withServer(flags, async ({ grants }) => {
    const grant = await grants.get(grantId);
    if (flags.json === true) output.json(grant);
    else show(grant, output);
  });
}

export function grantsRevoke(grantId: string, flags: Speaker, output: Output): Promise<void> {
  return withServer(flags, async ({ grants }) => {
    const grant = await grants.revoke(grantId, { onBehalfOf: flags.onBehalfOf ?? "" });
    if (flags.json === true) return output.json(grant);
    const by = safeText(grant.revokedBy);
    output.line(`${grantId} is revoked, by ${by} since ${dateAndTime(grant.revokedAt)}. No call is let run by it.`);
  });
}

function show(grant: StandingGrant, output: Output): void {
  const { grantId, version, agentName, toolName, rule, uses, maxUses, description, createdAt, createdBy } = grant;
  const maker = grant.onBehalfOf === "" ? createdBy : `${createdBy} for ${grant.onBehalfOf}`;
  output.line(`${grantId}, ${stateOf(grant, Date.now())}`);
  output.table([
    ["tool", `${toolName} of ${agentName}`],
    ["rule", rule === "" ? "(every call)" : safeText(rule)],
    ["used", `${uses} of ${maxUses}`],
    ["ends", dateAndTime(grant.expiresAt)],
    ["made", `${dateAndTime(createdAt)} by ${safeText(maker)}`],
    ...(description === "" ? [] : [["for", safeText(description)]]),
    ["version", version],
  ]);
}

function stateOf({ revokedAt, expiresAt, uses, maxUses }: StandingGrant, now: number): string {
  if (revokedAt !== undefined) return `revoked ${dateAndTime(revokedAt)}`;
  if (expiresAt !== undefined && expiresAt.getTime() <= now) return `ended ${dateAndTime(expiresAt)}`;
  return uses >= maxUses ? "used up" : `good until ${dateAndTime(expiresAt)}`;
}

function personOf({ createdBy, onBehalfOf }: StandingGrant): string {
  return onBehalfOf === "" ? createdBy : onBehalfOf;
}
