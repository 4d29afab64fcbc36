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

/** Before the first run: one grant that is there for all of them, so that no proof is without a use of one. */
export async function settleIn(people: readonly Person[], { random, over }: HousekeepingOptions): Promise<MadeGrant[]> {
  const made: MadeGrant[] = [];
  const { maria, admin } = keepers(people);
  if (maria === undefined || admin === undefined) return made;
  // There are grants for tools of agents that are known.
  await admin.callers.ask((rpc, how) => rpc.agents.putAgent({ agent: policiesAgent.definition }, how), over);
  await makeGrant(maria, made, { maxUses: random.between(3, 6), over });
  return made;
}

/** Makes and takes back until it is calm. Adds to what was made. Rejects for what a server must not refuse. */
export async function keepHouse(
  people: readonly Person[],
  made: MadeGrant[],
  options: HousekeepingOptions,
): Promise<readonly MadeGrant[]> {
  const { calm, over } = options;
  const { maria, admin } = keepers(people);
  if (maria === undefined || admin === undefined) return made;
  while (!calm.aborted) {
    try {
      await Promise.all([grantAndRevoke(maria, made, options), giveKeyAndTakeIt(admin, options)]);
    } catch (thrown) {
      if (!over.aborted) throw thrown;
    }
    await pause(EVERY_MS, calm).catch(() => undefined);
  }
  return made;
}

function keepers(people: readonly Person[]) {
  const named = (name: string) => people.find((person) => person.name === name);
  return { maria: named("maria"), admin: named(ADMIN) };
}

async function grantAndRevoke(maria: Person, made: MadeGrant[], { random, over }: HousekeepingOptions) {
  const grantId = await makeGrant(maria, made, { maxUses: random.between(1, 6), over });
  if (random.chance(0.4)) await maria.callers.ask((rpc, how) => rpc.grants.revokeGrant({ grantId }, how), over);
}

async function makeGrant(
  { callers }: Person,
  made: MadeGrant[],
  { maxUses, over }: { readonly maxUses: number; readonly over: AbortSignal },
): Promise<string> {
  const entry: MadeGrant = { maxUses, grantId: undefined };
  made.push(entry);
  const request = {
    ...{ agentName: POLICIES_AGENT, toolName: "email", rule: GRANTED_RULE, maxUses, idempotencyKey: newId("key") },
    expiresAt: timestampFromMs(Date.now() + FOR_MS),
  };
  const { grant } = await callers.ask((rpc, how) => rpc.grants.createGrant(request, how), over);
  const grantId = grant?.grantId ?? "";
  entry.grantId = grantId;
  return grantId;
}

async function giveKeyAndTakeIt({ callers }: Person, { random, over }: HousekeepingOptions) {
  const asked = { owner: `guest-${random.between(1, 1_000)}`, roles: ["runner"] };
  const { key } = await callers.ask((rpc, how) => rpc.keys.createKey(asked, how), over);
  const keyId = key?.keyId ?? "";
  await callers.ask((rpc, how) => rpc.keys.revokeKey({ keyId }, how), over);
}
