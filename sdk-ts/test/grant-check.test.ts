// What a worker with trusted keys makes of a grant: a signed one for this claim is begun, any other is handed back.
import { digestOf, GRANT_VALID_MS, grantText, newSigningKey, signingKey, TrustedKeys } from "@agentspan/internal";
import { type Grant, GrantSchema, ReleaseReason, TaskHintSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { AgentspanError } from "../src/index.js";
import { tool } from "../src/tool.js";
import { objectionTo } from "../src/worker/grant-check.js";
import { readTrustedKeys } from "../src/worker/grant-signature.js";
import { taskInHand } from "../src/worker/task-in-hand.js";
import type { TaskMessage } from "../src/worker/task-message.js";

const orchestrator = newSigningKey();
const gateway = newSigningKey();
const retired = newSigningKey();
const NOW = Date.parse("2026-06-01T12:00:00Z");
const listed = ({ id, public: text }: typeof orchestrator) => ({ id, public: text });
const read = TrustedKeys.read(
  JSON.stringify({
    gateways: [listed(gateway)],
    orchestrators: [listed(orchestrator), { ...listed(retired), retired_at: "2026-06-01T00:00:00Z" }],
  }),
);
if (!(read instanceof TrustedKeys)) throw new Error(read.faults.join());
const trustedKeys = read;

const refund = tool(() => undefined, {
  name: "refund",
  description: "Pays.",
  inputSchema: { type: "object" },
  approvalRequired: true,
});
const message = {} as unknown as TaskMessage;
const task = taskInHand(create(TaskHintSchema, { runId: "run_1", callId: "call_1", attempt: 1 }), refund, message);

interface Signed {
  readonly by?: typeof orchestrator;
  readonly nonce?: string;
  readonly worker?: string;
  readonly tool?: string;
  readonly at?: number;
  readonly validMs?: number;
  readonly guarded?: boolean;
  readonly approval?: string;
}

/** A grant of the task, signed for what is said. */
function granted(signed: Signed = {}, tamper: (grant: Grant) => void = () => undefined): Grant {
  const { by = orchestrator, nonce = task.nonce, worker = "worker-1", at = NOW, validMs = GRANT_VALID_MS } = signed;
  const argumentsJson = '{"amount":20}';
  const digest = digestOf(argumentsJson);
  const { runId, callId, attempt } = task;
  const bound = { runId, callId, attempt, nonce, workerId: worker, argumentsDigest: digest };
  const { guarded = true, approval = "apr_1" } = signed;
  const said = { run: runId, call: callId, attempt, nonceDigest: digestOf(nonce), worker, digest, guarded };
  const decided = { approval, decision: "dec_1", grantedAt: at, expiresAt: at + validMs };
  const text = grantText({ ...said, ...decided, tool: signed.tool ?? "refund", idempotencyKey: "key" });
  const times = { grantedAt: timestampFromMs(at), expiresAt: timestampFromMs(at + validMs) };
  const signature = signingKey(by.pem).sign(text);
  const proof = { ...bound, ...times, approvalId: approval, decisionId: "dec_1", keyId: by.id, signature };
  const more = { toolName: "refund", argumentsJson, argumentsDigest: digest, guarded, idempotencyKey: "key" };
  const grant = create(GrantSchema, { ...more, proof });
  tamper(grant);
  return grant;
}

function objection(grant: Grant, nowMs = NOW, trusted: TrustedKeys | undefined = trustedKeys) {
  const clock = { monotonic: () => 0, wall: () => nowMs };
  return objectionTo(grant, task, { workerId: "worker-1", clock, trustedKeys: trusted });
}

describe("a worker with trusted keys", () => {
  it("begins what an orchestrator has signed for its own claim, for 30 s", () => {
    expect(objection(granted())).toBeUndefined();
    expect(objection(granted(), NOW + GRANT_VALID_MS)).toBeUndefined();
    expect(objection(granted({ guarded: false }))).toBeUndefined();
  });

  it.each<[string, Grant, RegExp]>([
    ["no proof", granted({}, (grant) => delete grant.proof), /no proof/],
    ["no proof and no guard", granted({}, unguardedAndBare), /no proof/],
    ["no signature", granted({}, (grant) => change(grant, { signature: new Uint8Array(), keyId: "" })), /not signed/],
    ["a signature of other bytes", granted({}, flip), /is not of what it says/],
    ["another's key", granted({ by: newSigningKey() }), /no trusted key of an orchestrator/],
    ["a gateway's key", granted({ by: gateway }), /that of a gateway/],
    ["a retired key", granted({ by: retired }), /retired/],
    [
      "the signature of another nonce",
      granted({ nonce: "n2" }, (grant) => change(grant, { nonce: task.nonce })),
      /says/,
    ],
    ["another nonce", granted({ nonce: "n2" }), /bound to another nonce/],
    ["another worker", granted({ worker: "worker-2" }), /bound to another workerId/],
    ["the signature of another tool", granted({ tool: "look_up" }), /is not of what it says/],
    ["no approval, signed as it is", granted({ approval: "" }), /needs an approval and the proof names none/],
    ["another approval", granted({}, (grant) => change(grant, { approvalId: "apr_2" })), /is not of what it says/],
    ["the guard taken off", granted({}, unguard), /is not of what it says/],
    [
      "another key for the receiver",
      granted({}, (grant) => Object.assign(grant, { idempotencyKey: "k2" })),
      /is not of what/,
    ],
    ["more time than was signed", granted({ at: NOW - 60_000 }, later), /is not of what it says/],
    ["an hour's time", granted({ validMs: 3_600_000 }), /holds for more than/],
    [
      "other arguments",
      granted({}, (grant) => Object.assign(grant, { argumentsJson: '{"amount":9}' })),
      /not those of the digest/,
    ],
    [
      "other arguments with their digest",
      granted({}, (grant) => {
        grant.argumentsJson = '{"amount":9}';
        grant.argumentsDigest = digestOf(grant.argumentsJson);
        change(grant, { argumentsDigest: grant.argumentsDigest });
      }),
      /is not of what it says/,
    ],
  ])("hands back a grant with %s", (_, grant, why) => {
    expect(objection(grant)).toEqual({ reason: ReleaseReason.NO_PROOF, detail: expect.stringMatching(why) });
  });

  it("hands back a grant that is played again later, or whose time has not come by its clock", () => {
    expect(objection(granted(), NOW + GRANT_VALID_MS + 1)?.detail).toMatch(/expired: 1 ms ago/);
    expect(objection(granted(), NOW - GRANT_VALID_MS - 1)?.detail).toMatch(/from now by this machine's clock/);
  });
});

describe("a worker without trusted keys", () => {
  it("takes a grant signed or not, as long as it is bound to its claim", () => {
    const unsigned = granted({}, (grant) => change(grant, { signature: new Uint8Array(), keyId: "" }));
    const clock = { monotonic: () => 0, wall: () => NOW };
    expect(objectionTo(unsigned, task, { workerId: "worker-1", clock })).toBeUndefined();
    expect(objectionTo(granted({ by: gateway }), task, { workerId: "worker-1", clock })).toBeUndefined();
    expect(objectionTo(granted({ nonce: "n2" }), task, { workerId: "worker-1", clock })?.detail).toMatch(/nonce/);
  });
});

describe("the file of trusted keys", () => {
  it("that cannot be read is told at once, with what was wrong", () => {
    const thrown = (() => {
      try {
        return readTrustedKeys("/nowhere/keys.json");
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(AgentspanError);
    expect(thrown).toMatchObject({ reason: "INVALID_REQUEST", message: /AGENTSPAN_TRUSTED_KEYS_FILE.*ENOENT/ });
  });
});

function change(grant: Grant, fields: Partial<NonNullable<Grant["proof"]>>): void {
  if (grant.proof !== undefined) Object.assign(grant.proof, fields);
}

function unguard(grant: Grant): void {
  grant.guarded = false;
}

function unguardedAndBare(grant: Grant): void {
  unguard(grant);
  delete grant.proof;
}

function flip({ proof }: Grant): void {
  if (proof?.signature[5] !== undefined) proof.signature[5] ^= 1;
}

function later({ proof }: Grant): void {
  if (proof?.expiresAt !== undefined) proof.expiresAt = timestampFromMs(timestampMs(proof.expiresAt) + 60_000);
}
