// The terms of a standing grant as they are signed. Whatever else a row in the database says lets nothing run.
import {
  type Signing,
  type StandingGrantStatement,
  standingGrantText,
  standingGrantVersion,
} from "@agentspan/internal";
import type { GrantUse } from "./core/index.js";
import type { KeySeal, StandingGrant } from "./ports.js";

export function grantVersion(grant: StandingGrant): string {
  return standingGrantVersion(statementOf(grant));
}

/** The signature of a grant's terms. */
export function grantSeal(grant: StandingGrant, { key }: Signing): KeySeal {
  const signature = Buffer.from(key.sign(standingGrantText(statementOf(grant)))).toString("base64url");
  return { signingKeyId: key.id, signature };
}

/** Why a grant is not believed, in words; undefined where its terms are as they were signed. */
export function grantProblem(grant: StandingGrant, { trusted }: Signing): string | undefined {
  const { signingKeyId = "", signature = "" } = grant.seal ?? {};
  return trusted.problem("orchestrators", {
    text: standingGrantText(statementOf(grant)),
    keyId: signingKeyId,
    signature: Buffer.from(signature, "base64url"),
    at: grant.createdAt,
  });
}

/** A use as the core is told of it. */
export function useOf(grant: StandingGrant, use: number): GrantUse {
  const { grantId, by, rule, expiresAt } = grant;
  return { grantId, version: grantVersion(grant), use, by, rule, expiresAt };
}

function statementOf(grant: StandingGrant): StandingGrantStatement {
  const { grantId, namespace, agentName, toolName, rule, maxUses, createdAt, expiresAt, by } = grant;
  const { who, onBehalfOf = "", groups, authenticated } = by;
  return {
    ...{ grantId, namespace, agentName, toolName, rule, maxUses, createdAt, expiresAt },
    ...{ who, onBehalfOf, groups, authenticated },
  };
}
