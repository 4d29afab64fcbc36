// What somebody can do who has NATS in hand, and no signing key: nothing that a worker would run.
import { newSigningKey, requestSubject, sealedEnvelope, signingKey, workerInboxPrefix } from "@agentspan/internal";
import {
  ApproveRequestSchema,
  ClaimRequestSchema,
  type ClaimResponse,
  ClaimResponseSchema,
  type Envelope,
  EnvelopeSchema,
  GetStatusRequestSchema,
  ReleaseReason,
  type ReleaseRequest,
  ReleaseRequestSchema,
  ReleaseResponseSchema,
  ReplySchema,
} from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { connect, type NatsConnection } from "nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, deskAgent, until } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { hint, keyOf, waitingRun } from "../signed-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ signed: true, env: ANNOUNCE_SOON });

describe("whoever can publish on NATS", () => {
  let nats: NatsConnection;
  beforeEach(async () => {
    nats = await connect({ servers: stack.current.servers.natsUrl });
  });
  afterEach(() => nats.close());

  async function refusedBecause(envelope: Envelope): Promise<string> {
    const answer = await nats.request(requestSubject(), toBinary(EnvelopeSchema, envelope), { timeout: 5_000 });
    const { outcome } = fromBinary(ReplySchema, answer.data);
    if (outcome.case !== "failure") throw new Error("It was carried out.");
    expect(outcome.value.reason).toBe("PERMISSION_DENIED");
    return outcome.value.message;
  }

  it("decides nothing: a request that no gateway has signed as it stands is refused", async () => {
    const run = await waitingRun(stack.current, "forged envelopes", "nobody");
    const { approvalId, argumentsDigest } = await theApproval(run);
    const body = toBinary(
      ApproveRequestSchema,
      create(ApproveRequestSchema, { runId: run.runId, approvalId, argumentsDigest, decisionId: "dec_forged" }),
    );
    const caller = { subject: "the boss", roles: ["admin"], method: "api_key", credentialId: "k1" };
    const said = { method: "RunService/Approve", namespace: "default", caller, body, traceparent: "" };
    const heard: Envelope[] = [];
    nats.subscribe("agentspan.request.>", {
      callback: (_, { data }) => void heard.push(fromBinary(EnvelopeSchema, data)),
    });
    nats.subscribe("agentspan.request", {
      callback: (_, { data }) => void heard.push(fromBinary(EnvelopeSchema, data)),
    });
    await nats.flush();
    await run.handle.getStatus();
    const genuine = await until("a request was heard", () =>
      heard.find(({ method }) => method === "RunService/GetStatus"),
    );

    const now = Date.now();
    expect(await refusedBecause(sealedEnvelope(said, undefined, now))).toMatch(/not signed/);
    const orchestrators = keyOf(stack.current, "orchestrators");
    expect(await refusedBecause(sealedEnvelope(said, orchestrators, now))).toMatch(/that of an orchestrator/);
    expect(await refusedBecause(sealedEnvelope(said, signingKey(newSigningKey().pem), now))).toMatch(/no trusted key/);
    // What a gateway did sign, for another method, another caller, another body, or long ago.
    const changed = (fields: Partial<Envelope>) => refusedBecause(Object.assign({ ...genuine }, fields));
    expect(await changed({ method: "RunService/Approve", body })).toMatch(/is not of what it says/);
    expect(await changed({ namespace: "another" })).toMatch(/is not of what it says/);
    const boss = genuine.caller === undefined ? {} : { caller: { ...genuine.caller, subject: "the boss" } };
    expect(await changed(boss)).toMatch(/is not of what it says/);
    const other = toBinary(GetStatusRequestSchema, create(GetStatusRequestSchema, { runId: "run_other" }));
    expect(await changed({ body: other })).toMatch(/body is not what was signed/);
    const gateways = keyOf(stack.current, "gateways");
    expect(await refusedBecause(sealedEnvelope(said, gateways, now - 61_000))).toMatch(
      /signed \d+ s ago, more than 60 s/,
    );
    expect(await refusedBecause(sealedEnvelope(said, gateways, now + 45_000))).toMatch(/clock is ahead/);

    expect((await run.handle.getStatus()).pendingApprovals).toHaveLength(1);
    const [orchestrator] = stack.current.orchestrators;
    const lines =
      orchestrator
        ?.log()
        .split("\n")
        .filter((line) => line.includes("no gateway that is trusted")) ?? [];
    expect(lines).toHaveLength(1);
  });

  it("has no worker begin anything: a forged grant, and one that is played again, are handed back", async () => {
    const queue = "rogue";
    const worker = await stack.current.addWorker({ queues: [queue] });
    const grants: ClaimResponse[] = [];
    const inbox = nats.subscribe(`${workerInboxPrefix(worker.name)}.>`, {
      callback: (_, { data }) => {
        const answer = readGrant(data);
        if (answer !== undefined) grants.push(answer);
      },
    });
    await nats.flush();
    const run = await startRun(stack.current, "rogue", [call("refund", REFUND), { text: "ok" }], {
      agent: deskAgent(queue),
    });
    await theApproval(run);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const genuine = await until("the grant was heard", () => grants[0]);
    inbox.unsubscribe();
    expect(stack.current.ledger.done(run.runId)).toHaveLength(1);

    // With the orchestrators silent the rogue is the only one who answers.
    for (const one of stack.current.orchestrators) one.pause();
    const releases: ReleaseRequest[] = [];
    let forge: (answer: ClaimResponse, nonce: string) => void = () => undefined;
    nats.subscribe(`agentspan.worker.${worker.name}.>`, {
      callback: (_, message) => {
        const verb = message.subject.split(".")[3];
        if (verb === "claim") {
          const { nonce } = fromBinary(ClaimRequestSchema, message.data);
          const answer = fromBinary(ClaimResponseSchema, toBinary(ClaimResponseSchema, genuine));
          forge(answer, nonce);
          message.respond(toBinary(ClaimResponseSchema, answer));
        } else if (verb === "release") {
          releases.push(fromBinary(ReleaseRequestSchema, message.data));
          message.respond(toBinary(ReleaseResponseSchema, create(ReleaseResponseSchema, { released: true })));
        }
      },
    });
    await nats.flush();
    const proofOf = ({ answer }: ClaimResponse) => (answer.case === "grant" ? answer.value.proof : undefined);
    const callId = proofOf(genuine)?.callId ?? "";
    const forgeries: readonly (readonly [typeof forge, RegExp])[] = [
      [() => undefined, /bound to another nonce/],
      [(answer, nonce) => Object.assign(proofOf(answer) ?? {}, { nonce }), /is not of what it says/],
      [
        (answer, nonce) => {
          const proof = proofOf(answer);
          const key = keyOf(stack.current, "gateways");
          Object.assign(proof ?? {}, { nonce, keyId: key.id, signature: key.sign("anything") });
        },
        /that of a gateway/,
      ],
      [
        (answer, nonce) => Object.assign(proofOf(answer) ?? {}, { nonce, keyId: "", signature: new Uint8Array() }),
        /not signed/,
      ],
    ];
    try {
      for (const [how, why] of forgeries) {
        forge = how;
        const before = releases.length;
        // Hinted at again, as the server would: while the worker is still at handing it back, a hint of it is dropped.
        const released = await until(`the worker hands it back, for ${why}`, async () => {
          await hint(stack.current, run.runId, callId, queue);
          return releases.slice(before).find(({ detail }) => why.test(detail));
        });
        expect(released.reason).toBe(ReleaseReason.NO_PROOF);
      }
    } finally {
      for (const one of stack.current.orchestrators) one.resume();
    }
    expect(stack.current.ledger.begun(run.runId)).toHaveLength(1);
  });
});

function readGrant(data: Uint8Array): ClaimResponse | undefined {
  try {
    const answer = fromBinary(ClaimResponseSchema, data);
    return answer.answer.case === "grant" && answer.answer.value.proof !== undefined ? answer : undefined;
  } catch {
    return undefined; // Another answer than a claim's.
  }
}
