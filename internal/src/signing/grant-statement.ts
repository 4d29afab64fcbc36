// What an orchestrator signs of a standing grant: its terms as they were made, so that a row that somebody wrote into the
// database lets nothing run.
import { digestOf } from "../canonical-json.js";
import { signedText } from "./statements.js";

/** The terms of a standing grant. They never change; how often it was used, and whether it was revoked, stand beside. */
export interface StandingGrantStatement {
  readonly grantId: string;
  readonly namespace: string;
  readonly agentName: string;
  readonly toolName: string;
  readonly rule: string;
  readonly maxUses: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Who made it, and for whom; the latter empty where for nobody else. */
  readonly who: string;
  readonly onBehalfOf: string;
  readonly groups: readonly string[];
  readonly authenticated: boolean;
}

export function standingGrantText(statement: StandingGrantStatement): string {
  return signedText("agentspan.standing-grant.v1", statement);
}

/** Tells one version of terms from another: 16 hexadecimal digits. */
export function standingGrantVersion(statement: StandingGrantStatement): string {
  return digestOf(standingGrantText(statement)).slice("sha256:".length, "sha256:".length + 16);
}
