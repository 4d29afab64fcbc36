// Permits as whoever has a key of the installation could make them.
import { readFileSync } from "node:fs";
import { signedPermit, signingKey, signingKeyIn } from "@agentspan/internal";
import type { WorkerPermit } from "@agentspan/proto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

export interface Made {
  readonly workers: readonly string[];
  /** "desk" unless said. */
  readonly queue?: string;
  /** "refund" unless said. */
  readonly names?: readonly string[];
  /** When it was made; now unless said. */
  readonly at?: number;
  readonly until?: number;
  readonly signer?: "permits" | "orchestrators";
}

export function permitFor(
  keysFolder: string,
  { workers, queue = "desk", names = ["refund"], at = Date.now(), until = at + 60_000, signer = "permits" }: Made,
): WorkerPermit {
  const pem = readFileSync(signingKeyIn(keysFolder, signer, Date.now())?.path ?? "", "utf8");
  const tools = names.map((name) => ({ namespace: "default", queue, name }));
  const { keyId, signature } = signedPermit({ workers, tools, at, until }, signingKey(pem));
  return {
    $typeName: "agentspan.v1.WorkerPermit",
    workers: [...workers],
    tools: tools.map(named),
    at: timestampFromMs(at),
    until: timestampFromMs(until),
    keyId,
    signature,
  };
}

export function named(tool: { readonly namespace: string; readonly queue: string; readonly name: string }) {
  return { $typeName: "agentspan.v1.PermittedTool", ...tool } as const;
}
