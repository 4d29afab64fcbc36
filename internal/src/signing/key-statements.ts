// What orchestrators sign of API keys: each as it was made, so that a row that somebody wrote into the database is no
// key, and each answer to a gateway, so that nobody on the bus can give one.
import { signedText } from "./statements.js";

/** What an API key lets somebody do: what a gateway is told of it. */
export interface KeyStatement {
  readonly keyId: string;
  /** In hexadecimal. */
  readonly secretSha256: string;
  readonly owner: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly namespace: string;
  readonly createdAt: number;
  /** 0 for never. */
  readonly expiresAt: number;
}

/** An API key as it was made, with what people are told of it: signed by the orchestrator that stored it. */
export interface MadeKeyStatement extends KeyStatement {
  readonly createdBy: string;
  readonly description: string;
}

/** What a gateway is told of a key that somebody shows it: signed by the orchestrator that tells. */
export interface KeyAnswerStatement {
  readonly key: KeyStatement;
  readonly revoked: boolean;
  /** The gateway's, in hexadecimal: an answer to another question is none to this one. */
  readonly nonce: string;
  readonly at: number;
}

export function madeKeyText(statement: MadeKeyStatement): string {
  return signedText("agentspan.key.v2", statement);
}

/** What was signed of keys that were made before there was more to say of them. */
export function keyText(statement: KeyStatement): string {
  return signedText("agentspan.key.v1", statement);
}

export function keyAnswerText(statement: KeyAnswerStatement): string {
  return signedText("agentspan.key-answer.v1", statement);
}
