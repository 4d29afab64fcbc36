// Ids of ours. They are single tokens of a NATS subject: lowercase letters, digits and the prefix's underscore.
import { createHash, randomBytes } from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** RFC 4648 base32 in lowercase, without padding: 16 bytes give 26 characters. */
function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >>> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((held << (5 - bits)) & 31);
}

/** A fresh id with 128 random bits: newId("dec") gives "dec_" and 26 characters. The prefix is lowercase letters. */
export function newId(prefix: string): string {
  return `${prefix}_${base32(randomBytes(16))}`;
}

/**
 * The id of the run that an idempotency key names in its namespace: the same for every process that is asked, so that
 * two callers at the same instant make one run. 128 bits of SHA-256.
 */
export function runIdOf(namespace: string, idempotencyKey: string): string {
  return `run_${hashed(`${namespace}\0${idempotencyKey}`)}`;
}

/** The id of the run that a call of another run starts: the same for every process. No idempotency key names it. */
export function childRunIdOf(parentRunId: string, callId: string): string {
  // No namespace is empty, so that no key of anybody's begins like this.
  return `run_${hashed(`\0${parentRunId}\0${callId}`)}`;
}

/** The id of the standing grant that an idempotency key names in its namespace, as runIdOf has it of runs. */
export function grantIdOf(namespace: string, idempotencyKey: string): string {
  return `gra_${hashed(`${namespace}\0${idempotencyKey}`)}`;
}

/** The id of the webhook that an idempotency key names in its namespace, as runIdOf has it of runs. */
export function webhookIdOf(namespace: string, idempotencyKey: string): string {
  return `whk_${hashed(`${namespace}\0${idempotencyKey}`)}`;
}

/** The id of the decision link that an idempotency key names in its namespace, as runIdOf has it of runs. */
export function linkIdOf(namespace: string, idempotencyKey: string): string {
  return `lnk_${hashed(`${namespace}\0${idempotencyKey}`)}`;
}

/**
 * The id of what a webhook is told of one event of a run: the same for every process, so that it is stored once. `to` is
 * one of several who get one of their own.
 */
export function deliveryIdOf(webhookId: string, runId: string, sequence: number, to?: string): string {
  return `msg_${hashed(`${webhookId}\0${runId}\0${sequence}${to === undefined ? "" : `\0${to}`}`)}`;
}

function hashed(text: string): string {
  return base32(createHash("sha256").update(text, "utf8").digest().subarray(0, 16));
}
