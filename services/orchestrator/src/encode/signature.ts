import type { SignatureSchema } from "@agentspan/proto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RunEvent } from "../core/index.js";
import { signatureIn } from "../proof/signed-facts.js";

/** The public message of a stored event's signature; undefined where it has none. */
export function encodeSignature(runId: string, event: RunEvent): MessageInitShape<typeof SignatureSchema> | undefined {
  const signed = signatureIn(runId, event);
  if (signed === undefined) return undefined;
  const { keyId, signature, text } = signed;
  return { keyId, signature: Buffer.from(signature, "base64url"), signedText: text };
}
