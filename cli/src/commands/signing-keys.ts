// agentspan signing-keys create
import { join } from "node:path";
import { createSigningKeys, KeyFilesError, type Signer, TRUSTED_KEYS_FILE } from "@agentspan/internal";
import { CommandError } from "../command-error.js";
import type { Output } from "../output.js";

export interface SigningKeysCreateFlags {
  readonly for?: readonly ("gateway" | "orchestrator" | "permit")[];
}

export function signingKeysCreate(folder: string, { for: whose = [] }: SigningKeysCreateFlags, output: Output): void {
  // Permits are asked of workers from then on that there is a key for them: nobody gets one unasked.
  const signers: readonly Signer[] = (["gateway", "orchestrator", "permit"] as const)
    .filter((kind) => (whose.length === 0 ? kind !== "permit" : whose.includes(kind)))
    .map((kind) => `${kind}s` as const);
  const made = create(folder, signers);
  const trusted = join(folder, TRUSTED_KEYS_FILE);
  for (const { signer, path } of made) {
    if (signer === "permits") {
      output.line(`To permit workers, and for nobody's eyes but yours: ${path}`);
      output.line("Orchestrators that are given the list ask every worker for a permit. Make them with:");
      output.line(`  agentspan worker credentials <id> --tool <queue>/<tool> --keys ${folder} --out <folder>`);
      output.line();
      continue;
    }
    output.line(`For ${signer}, and for nobody else's eyes:`);
    output.line(`  AGENTSPAN_SIGNING_KEY_FILE=${path}`);
    output.line();
  }
  output.line("For all of them and for workers; it may be seen, and only you may write it:");
  output.line(`  AGENTSPAN_TRUSTED_KEYS_FILE=${trusted}`);
  output.line();
  output.line("To change a key: make another in the same folder, give everybody the list, then sign with the new key,");
  output.line('then give the old one in the list a "retired_at", such as "2026-01-31T12:00:00Z".');
}

function create(folder: string, signers: readonly Signer[]) {
  try {
    return createSigningKeys(folder, signers);
  } catch (error) {
    if (error instanceof KeyFilesError) throw new CommandError(error.message);
    if (error instanceof Error && "code" in error) throw new CommandError(`Keys cannot be made: ${error.message}.`);
    throw error;
  }
}
