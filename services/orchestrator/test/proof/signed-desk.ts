// A desk with a key, a refund that two people approved there, and what somebody might change of it in the database.
import { newSigningKey, type Signing, signingKey, TrustedKeys } from "@agentspan/internal";
import type { RunEvent } from "../../src/core/index.js";
import type { StoredRun } from "../../src/ports.js";
import type { Signatures } from "../../src/proof/signatures.js";
import { ANY_OBJECT, approves, type Desk, replies, Scene, start } from "../scenes/scene.js";

export const key = newSigningKey();
export const other = newSigningKey();
export const listed = ({ id, public: text }: typeof key, retired = {}) => ({ id, public: text, ...retired });

export function signing(
  own: typeof key,
  orchestrators: readonly object[],
  gateways: readonly object[] = [],
  permits: readonly object[] = [],
): Signing {
  const trusted = TrustedKeys.read(JSON.stringify({ gateways, orchestrators, permits }));
  if (trusted instanceof TrustedKeys) return { key: signingKey(own.pem), trusted };
  throw new Error(trusted.faults.join("; "));
}

export function scene(with_: Signing = signing(key, [listed(key)])): {
  readonly desk: Desk;
  readonly signatures: Signatures;
} {
  const desk = new Scene().desk("orc_1", { signing: with_ });
  return { desk, signatures: signaturesOf(desk) };
}

export function signaturesOf({ signatures }: Desk): Signatures {
  if (signatures === undefined) throw new Error("This desk has no key.");
  return signatures;
}

export const BY = { by: { method: "api_key", credentialId: "k7", address: "10.0.0.7" }, authenticated: true } as const;

/** A refund that two people approved; the first of them with an edit where it is said. */
export async function approvedByTwo(desk: Desk, editedArguments?: string): Promise<StoredRun> {
  const tools = [{ name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true, votesRequired: 2 } }];
  await desk.execute(start(), { agent: await desk.agent({ name: "desk", model: "script/any", tools }) });
  const { stored } = await desk.execute(replies(1, ["refund"]));
  const verdict = { kind: "approve" as const, ...(editedArguments === undefined ? {} : { editedArguments }) };
  await desk.execute(approves(stored, "t1c1", "d1", { who: "maria", verdict, ...BY }));
  const { digest = "" } = Object.values((await desk.stored()).run.checkpoints)[0] ?? {};
  return (await desk.execute(approves(stored, "t1c1", "d2", { who: "john", digest, ...BY }))).stored;
}

export function factOf<F extends RunEvent["fact"]>({ events }: StoredRun, type: F["type"]): F {
  const found = events.find(({ fact }) => fact.type === type)?.fact;
  if (found === undefined) throw new Error(`There is no ${type}.`);
  return found as F;
}

export function changed(stored: StoredRun, type: string, change: object): StoredRun {
  const swap = (event: RunEvent): RunEvent =>
    event.fact.type === type ? ({ ...event, fact: { ...event.fact, ...change } } as RunEvent) : event;
  return { ...stored, events: stored.events.map(swap) };
}

export function withCall(stored: StoredRun, change: object): StoredRun {
  const calls = stored.run.turn.calls.map((call) => ({ ...call, ...change }));
  return { ...stored, run: { ...stored.run, turn: { ...stored.run.turn, calls } } } as StoredRun;
}
