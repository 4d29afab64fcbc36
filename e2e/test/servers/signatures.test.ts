// What somebody can do who has MongoDB or NATS in hand, and no signing key: nothing that a worker would run.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  consumerName,
  createSigningKeys,
  digestOf,
  eventsSubject,
  natsAddress,
  newSigningKey,
  requestSubject,
  sealedEnvelope,
  signingKey,
  signingKeyIn,
  TASK_STREAM,
  TRUSTED_KEYS_FILE,
  TrustedKeys,
  taskSubject,
  workerInboxPrefix,
  workerSubject,
} from "@agentspan/internal";
import {
  ApproveRequestSchema,
  ClaimRequestSchema,
  type ClaimResponse,
  ClaimResponseSchema,
  type Envelope,
  EnvelopeSchema,
  type Event,
  GetStatusRequestSchema,
  ReleaseReason,
  type ReleaseRequest,
  ReleaseRequestSchema,
  ReleaseResponseSchema,
  ReplySchema,
  TaskHintSchema,
} from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { connect, type NatsConnection } from "nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, deskAgent, loggedIn, type Stack, strictAgent, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ signed: true, workerLogins: true, env: ANNOUNCE_SOON });

/** A run of a queue that nobody serves, whose refund waits for a person. */
async function waitingRun(name: string, queue: string): Promise<DeskRun> {
  const run = await startRun(stack.current, name, [call("refund", REFUND), { text: "ok" }], {
    agent: deskAgent(queue),
  });
  await theApproval(run);
  return run;
}

async function historyOf({ runId }: DeskRun): Promise<readonly Event[]> {
  return (await stack.current.rpc().runs.getHistory({ runId, pageSize: 100 })).events;
}

type Body = Event["event"];
type BodyOf<C> = Extract<Body, { readonly case: C }> extends { readonly value: infer V } ? V : never;

function only<C extends NonNullable<Body["case"]>>(events: readonly Event[], name: C): BodyOf<C> {
  const found = events.flatMap(({ event }) => (event.case === name ? [event.value as BodyOf<C>] : []));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`There are ${found.length} events ${name}.`);
  return first;
}

describe("a stack with keys", () => {
  it("runs what a person approved, and keeps what was signed of it", async () => {
    const run = await startRun(stack.current, "signed", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve({ comment: "fine" });
    expect((await ended(run)).state).toBe("COMPLETED");
    const events = await historyOf(run);
    const keys = trustedKeys(stack.current);
    const signed = [
      only(events, "decided").signature,
      only(events, "toolStarted").grant,
      only(events, "toolResult").signature,
    ];
    for (const one of signed) {
      if (one === undefined) throw new Error("It is not signed.");
      expect(keys.problem("orchestrators", { ...one, text: one.signedText, at: Date.now() })).toBeUndefined();
      expect(one.signedText).toContain(run.runId);
    }
    expect(signed[0]?.signedText).toContain('"comment":"fine"');
    expect(stack.current.ledger.done(run.runId)).toHaveLength(1);
  });
});

describe("a row that was changed between the approval and the execution", () => {
  interface Row {
    events: string[];
    run: string;
  }
  const changes: readonly (readonly [string, (row: Row) => void, RegExp])[] = [
    [
      "in its arguments",
      (row) => {
        row.events = row.events.map((text) => text.replace("29.99", "2999.99"));
      },
      /arguments are not those of its digest/,
    ],
    [
      "in its arguments and every digest",
      (row) => {
        const [old, changed] = ["29.99", "2999.99"].map((amount) => `{"amount":${amount},"order_id":"ORD-8821"}`);
        const swap = (text: string) => text.replaceAll(digestOf(old ?? ""), digestOf(changed ?? ""));
        row.events = row.events.map((text) => swap(text).replace("29.99", "2999.99"));
        row.run = swap(row.run);
      },
      /is not of what it says/,
    ],
    [
      "in who decided",
      (row) => {
        row.events = row.events.map((text) => text.replace('"who":"anonymous"', '"who":"the boss"'));
      },
      /is not of what it says/,
    ],
    [
      "in its signature, which is gone",
      (row) => {
        row.events = row.events.map((text) => {
          const event = JSON.parse(text) as { fact: { type: string; signed?: unknown } };
          if (event.fact.type === "decided") delete event.fact.signed;
          return JSON.stringify(event);
        });
      },
      /not signed/,
    ],
  ];

  it.each(changes)("%s: no worker runs it, and the run says why", async (name, change, why) => {
    const queue = `tampered_${changes.findIndex(([one]) => one === name)}`;
    const run = await waitingRun(name, queue);
    await run.handle.approve();
    await tamper(stack.current, run.runId, change);
    await stack.current.addWorker({ queues: [queue] });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.begun(run.runId)).toEqual([]);
    const { outcome } = only(await historyOf(run), "toolResult");
    expect(outcome).toMatchObject({ case: "error", value: expect.stringMatching(/did not run and had no effect/) });
    expect(outcome.value).toMatch(why);
    expect(stack.current.model.told(run.input)).toEqual([expect.stringMatching(why)]);
  });

  it("into one that waits for nobody: no worker runs it, and the run says why", async () => {
    const agent = strictAgent("ungated");
    const run = await startRun(stack.current, "ungated", [call("get_order", {}), { text: "ok" }], { agent });
    const { callId } = await theApproval(run);
    await tamper(stack.current, run.runId, (row) => {
      const state = JSON.parse(row.run) as { turn: { calls: object[] }; checkpoints: object };
      const ready = { kind: "ready", attempt: 1, since: 0, notBefore: 0 };
      state.turn.calls = state.turn.calls.map((call) => ({ ...call, gate: "plain", attempts: 1, state: ready }));
      row.run = JSON.stringify({ ...state, checkpoints: {} });
    });
    await stack.current.addWorker({ queues: ["ungated"] });
    await hint(stack.current, run.runId, callId, "ungated", "get_order");
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.begun(run.runId)).toEqual([]);
    const { outcome } = only(await historyOf(run), "toolResult");
    expect(outcome.value).toMatch(/definition asks for people, and nobody decided/);
  });

  it("into one that nobody decided: no worker runs it", async () => {
    const run = await waitingRun("made up", "made_up");
    const approved = await waitingRun("the pattern", "made_up");
    const taken = (await theApproval(approved)).approvalId;
    const { approvalId } = await theApproval(run);
    await approved.handle.approve();
    const pattern = await rowOf(stack.current, approved.runId);
    const swap = (text: string) => text.replaceAll(approved.runId, run.runId).replaceAll(taken, approvalId);
    await tamper(stack.current, run.runId, (row) => {
      row.events = pattern.events.map(swap);
      row.run = swap(pattern.run);
    });
    await stack.current.addWorker({ queues: ["made_up"] });
    expect((await ended(approved)).state).toBe("COMPLETED");
    // What is due is looked for by its time, which the row keeps; a hint by hand makes it come at once.
    await hint(stack.current, run.runId, (await historyOf(run)).flatMap(callIdOf)[0] ?? "", "made_up");
    await until("the call has ended", async () =>
      (await historyOf(run)).some(({ event }) => event.case === "toolResult"),
    );
    expect(only(await historyOf(run), "toolResult").outcome.value).toMatch(/is not of what it says/);
    expect(stack.current.ledger.begun(run.runId)).toEqual([]);
    expect(stack.current.ledger.done(approved.runId)).toHaveLength(1);
  });
});

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
    const run = await waitingRun("forged envelopes", "nobody");
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
    expect(await refusedBecause(sealedEnvelope(said, gateways, now - 61_000))).toMatch(/signed 61 s ago/);
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
        await hint(stack.current, run.runId, callId, queue);
        const released = await until("the worker hands it back", () => releases[before]);
        expect(released.reason).toBe(ReleaseReason.NO_PROOF);
        expect(released.detail).toMatch(why);
      }
    } finally {
      for (const one of stack.current.orchestrators) one.resume();
    }
    expect(stack.current.ledger.begun(run.runId)).toHaveLength(1);
  });
});

describe("the NATS login of a worker", () => {
  it("lets it serve its own tools, and neither speak for another nor hear what is another's", async () => {
    const login = natsAddress(loggedIn(stack.current.servers.natsUrl, "worker-1"), undefined);
    const own = await connect({ ...login, inboxPrefix: workerInboxPrefix("worker-1") });
    const violations = new Set<string>();
    void (async () => {
      for await (const { permissionContext } of own.status()) {
        if (permissionContext !== undefined) violations.add(permissionContext.subject);
      }
    })();
    const refused = (subject: string) => until(`NATS refuses ${subject}`, () => violations.has(subject));
    try {
      const others = consumerName("default", "rogue", "refund");
      const publishes = [
        workerSubject("worker-2", "claim"),
        "agentspan.request",
        taskSubject({ namespace: "default", queue: "desk", tool: "refund", runId: "r", callId: "c", attempt: 1 }),
        eventsSubject("default", "r"),
        `$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${others}`,
        `$JS.API.STREAM.PURGE.${TASK_STREAM}`,
        "_INBOX_worker-2.answer",
      ];
      const subscriptions = ["agentspan.worker.>", "agentspan.request", "agentspan.events.>", "_INBOX_worker-2.>", ">"];
      for (const subject of publishes) own.publish(subject, "forged");
      for (const subject of subscriptions) own.subscribe(subject, { callback: () => undefined });
      for (const subject of [...publishes, ...subscriptions]) await refused(subject);
    } finally {
      await own.close();
    }
    // The worker of the stack has the same login, and served the runs of these tests with it.
    const run = await startRun(stack.current, "with few rights", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.done(run.runId)).toHaveLength(1);
  });
});

describe("other keys", () => {
  it("an orchestrator that shares none with those that run does not start", async () => {
    const folder = join(stack.current.folder, "foreign");
    const [key] = createSigningKeys(folder, ["orchestrators", "gateways"]);
    const env = {
      AGENTSPAN_SIGNING_KEY_FILE: key?.path ?? "",
      AGENTSPAN_TRUSTED_KEYS_FILE: join(folder, TRUSTED_KEYS_FILE),
    };
    const started = stack.current.addOrchestrator({ env });
    await expect(started).rejects.toThrow(/its key [0-9a-f]{16} is not trusted here.*AGENTSPAN_TRUSTED_KEYS_FILE/);
    await expect(started).rejects.toThrow(/ended: 1/);
    const none = stack.current.addOrchestrator({
      env: { AGENTSPAN_SIGNING_KEY_FILE: "", AGENTSPAN_TRUSTED_KEYS_FILE: "" },
    });
    await expect(none).rejects.toThrow(/this one has no key/);
  });

  it("a retired key's decision holds where it is older than the retirement, and not where it is younger", async () => {
    const before = await waitingRun("before", "retired");
    await before.handle.approve();
    const after = await waitingRun("after", "retired");
    await after.handle.approve();
    const { decidedAt } = only(await historyOf(after), "decided").decision ?? {};
    const retiredAt = decidedAt === undefined ? "" : timestampDate(decidedAt).toISOString();

    const { keysFolder } = stack.current;
    const old = signingKeyIn(keysFolder, "orchestrators", Date.now());
    const [fresh] = createSigningKeys(keysFolder, ["orchestrators"]);
    const path = join(keysFolder, TRUSTED_KEYS_FILE);
    const lists = JSON.parse(readFileSync(path, "utf8")) as { orchestrators: { id: string; retired_at?: string }[] };
    for (const key of lists.orchestrators) if (key.id === old?.id) key.retired_at = retiredAt;
    writeFileSync(path, JSON.stringify(lists));
    const [orchestrator] = stack.current.orchestrators;
    if (orchestrator === undefined || fresh === undefined) throw new Error("Something is missing.");
    await orchestrator.stop();
    await orchestrator.restart({ AGENTSPAN_SIGNING_KEY_FILE: fresh.path });
    await stack.current.addWorker({ queues: ["retired"] });

    expect((await ended(before)).state).toBe("COMPLETED");
    expect((await ended(after)).state).toBe("COMPLETED");
    expect(stack.current.ledger.done(before.runId)).toHaveLength(1);
    expect(stack.current.ledger.begun(after.runId)).toEqual([]);
    expect(only(await historyOf(after), "toolResult").outcome.value).toMatch(/was retired at .* and signed it later/);
  });
});

function trustedKeys({ keysFolder }: Stack): TrustedKeys {
  const read = TrustedKeys.read(readFileSync(join(keysFolder, TRUSTED_KEYS_FILE), "utf8"));
  if (read instanceof TrustedKeys) return read;
  throw new Error(read.faults.join("; "));
}

function keyOf({ keysFolder }: Stack, signer: "gateways" | "orchestrators") {
  const file = signingKeyIn(keysFolder, signer, Date.now());
  if (file === undefined) throw new Error(`There is no key of ${signer}.`);
  return signingKey(readFileSync(file.path, "utf8"));
}

interface StoredRow {
  readonly _id: string;
  readonly v: number;
  readonly events: string[];
  readonly run: string;
}

async function rowOf({ database }: Stack, runId: string): Promise<StoredRow> {
  const row = await database.collection<StoredRow>("runs").findOne({ _id: runId });
  if (row === null) throw new Error(`There is no run ${runId}.`);
  return row;
}

/** As somebody would who knows how rows are versioned, so that nobody goes on with what he had read before. */
async function tamper(
  current: Stack,
  runId: string,
  change: (row: { events: string[]; run: string }) => void,
): Promise<void> {
  const { v, events, run } = await rowOf(current, runId);
  const row = { events: [...events], run };
  change(row);
  expect({ events, run }).not.toEqual(row);
  const set = { events: row.events, run: row.run, v: v + 1, t: "tampered" };
  await current.database.collection<StoredRow>("runs").updateOne({ _id: runId }, { $set: set });
}

function callIdOf({ event }: Event): readonly string[] {
  return event.case === "toolCall" ? [event.value.callId] : [];
}

/** What anybody can say on NATS: that an attempt is there to be claimed. */
async function hint({ servers }: Stack, runId: string, callId: string, queue: string, tool = "refund"): Promise<void> {
  const nats = await connect({ servers: servers.natsUrl });
  const subject = taskSubject({ namespace: "default", queue, tool, runId, callId, attempt: 1 });
  const body = toBinary(TaskHintSchema, create(TaskHintSchema, { runId, callId, attempt: 1 }));
  await until("the stream takes the hint", () =>
    nats.jetstream().publish(subject, body, { expect: { streamName: TASK_STREAM } }),
  );
  await nats.close();
}

function readGrant(data: Uint8Array): ClaimResponse | undefined {
  try {
    const answer = fromBinary(ClaimResponseSchema, data);
    return answer.answer.case === "grant" && answer.answer.value.proof !== undefined ? answer : undefined;
  } catch {
    return undefined; // Another answer than a claim's.
  }
}
