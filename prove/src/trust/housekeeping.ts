// What approvers and admins do meanwhile: standing grants are made and revoked, keys are given out and taken back.
import { newId } from "@agentspan/internal";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { pause } from "../pause.js";
import type { Random } from "../random.js";
import { ADMIN, type Person } from "./people.js";
import { GRANTED_RULE, POLICIES_AGENT, policiesAgent } from "./policies.js";

const EVERY_MS = 700;
const FOR_MS = 3_600_000;

/** One standing grant that was asked for: how often it may be used, and its id once that is known. */
export interface MadeGrant {
  readonly maxUses: number;
  grantId: string | undefined;
}

export interface HousekeepingOptions {
  readonly random: Random;
  /** Aborts when nothing new is begun. */
  readonly calm: AbortSignal;
  /** Aborts when nobody waits for an answer any more. */
  readonly over: AbortSignal;
}

/** Makes and takes back until it is calm. Rejects for what a server must not refuse. */
export async function keepHouse(
  people: readonly Person[],
  options: HousekeepingOptions,
): Promise<readonly MadeGrant[]> {
  const { calm, over } = options;
  const made: MadeGrant[] = [];
  const [maria, admin] = ["maria", ADMIN].map((name) => people.find((person) => person.name === name));
  if (maria === undefined || admin === undefined) return made;
  let stored = false;
  while (!calm.aborted) {
    try {
      // There are grants for tools of agents that are known, and no run of this one need have been started yet.
      if (!stored)
        await admin.callers.ask((rpc, how) => rpc.agents.putAgent({ agent: policiesAgent.definition }, how), over);
      stored = true;
      await Promise.all([grantAndRevoke(maria, made, options), giveKeyAndTakeIt(admin, options)]);
    } catch (thrown) {
      if (!over.aborted) throw thrown;
    }
    await pause(EVERY_MS, calm).catch(() => undefined);
  }
  return made;
}

async function grantAndRevoke({ callers }: Person, made: MadeGrant[], { random, over }: HousekeepingOptions) {
  const maxUses = random.between(1, 6);
  const entry: MadeGrant = { maxUses, grantId: undefined };
  made.push(entry);
  const request = {
    ...{ agentName: POLICIES_AGENT, toolName: "email", rule: GRANTED_RULE, maxUses, idempotencyKey: newId("key") },
    expiresAt: timestampFromMs(Date.now() + FOR_MS),
  };
  const { grant } = await callers.ask((rpc, how) => rpc.grants.createGrant(request, how), over);
  const grantId = grant?.grantId ?? "";
  entry.grantId = grantId;
  if (random.chance(0.4)) await callers.ask((rpc, how) => rpc.grants.revokeGrant({ grantId }, how), over);
}

async function giveKeyAndTakeIt({ callers }: Person, { random, over }: HousekeepingOptions) {
  const asked = { owner: `guest-${random.between(1, 1_000)}`, roles: ["runner"] };
  const { key } = await callers.ask((rpc, how) => rpc.keys.createKey(asked, how), over);
  const keyId = key?.keyId ?? "";
  await callers.ask((rpc, how) => rpc.keys.revokeKey({ keyId }, how), over);
}
