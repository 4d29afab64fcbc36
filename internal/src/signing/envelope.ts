// What a gateway signs of a request, and how an orchestrator checks it.
import { createHash } from "node:crypto";
import { type CallerSchema, type Envelope, EnvelopeSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { SigningKey } from "./signing-key.js";
import { envelopeText } from "./statements.js";
import type { TrustedKeys } from "./trusted-keys.js";

/** An envelope may be so old, and so much of the future, milliseconds by the store's clock: a gateway's clock may be off. */
export const ENVELOPE_PAST_MS = 60_000;
export const ENVELOPE_FUTURE_MS = 30_000;

/** What is asked, by whom. */
export interface EnvelopeContent {
  readonly method: string;
  readonly namespace: string;
  readonly caller: MessageInitShape<typeof CallerSchema>;
  readonly body: Uint8Array;
  readonly traceparent: string;
}

/** The envelope of a request as it is sent now: with its body's hash, its time, and a signature where there is a key. */
export function sealedEnvelope(said: EnvelopeContent, key: SigningKey | undefined, now: number): Envelope {
  const bodySha256 = createHash("sha256").update(said.body).digest();
  const envelope = create(EnvelopeSchema, { ...said, bodySha256, at: timestampFromMs(now) });
  if (key === undefined) return envelope;
  envelope.keyId = key.id;
  envelope.signature = Uint8Array.from(key.sign(textOf(envelope)));
  return envelope;
}

/** Why an envelope is not believed, in words that follow "because"; undefined where it is. */
export function envelopeProblem(envelope: Envelope, trusted: TrustedKeys, now: number): string | undefined {
  const { keyId, signature, body, bodySha256, at } = envelope;
  if (at === undefined) return "it is not signed";
  const signedAt = timestampMs(at);
  const problem = trusted.problem("gateways", { text: textOf(envelope), keyId, signature, at: signedAt });
  if (problem !== undefined) return problem;
  if (!createHash("sha256").update(body).digest().equals(bodySha256)) return "its body is not what was signed";
  const ageMs = now - signedAt;
  if (ageMs > ENVELOPE_PAST_MS) {
    return `it was signed ${seconds(ageMs)} ago, more than ${seconds(ENVELOPE_PAST_MS)}: it was held back, or the gateway's clock is behind`;
  }
  if (ageMs < -ENVELOPE_FUTURE_MS) return `it is signed for ${seconds(-ageMs)} from now: the gateway's clock is ahead`;
  return undefined;
}

function textOf({ method, namespace, caller, bodySha256, at }: Envelope): string {
  const { subject = "", roles = [], groups = [], credentialId = "", address = "" } = caller ?? {};
  return envelopeText({
    method,
    namespace,
    caller: { subject, roles, groups, method: caller?.method ?? "", credentialId, address },
    bodySha256: Buffer.from(bodySha256).toString("hex"),
    at: at === undefined ? 0 : timestampMs(at),
  });
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
