// Who is calling, through gateways, orchestrators and the store as they run in production.
import { newApiKey } from "@agentspan/internal";
import { ApprovalService, AuditService, KeyService, RunService } from "@agentspan/proto";
import { type AgentHandle, AgentRuntime } from "@agentspan/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deskAgent } from "../../src/index.js";
import { call, REFUND, refusal, theApproval } from "../desk-run.js";
import { askingForKeys, holder, inNamespace } from "../key-holders.js";
import { withStack } from "../stack-fixture.js";

const HOLDERS = {
  alex: holder("alex", ["runner"]),
  robin: holder("robin", ["approver"]),
  bot: holder("bot", ["delegate", "runner", "approver"]),
  root: holder("root", ["admin"]),
  stranger: inNamespace("acme", holder("kim", ["runner", "approver"])),
  strangersRoot: inNamespace("acme", holder("kims-root", ["admin"])),
} as const;

const stack = withStack({
  workers: 0,
  signed: true,
  env: {
    ...askingForKeys(Object.values(HOLDERS)),
    AGENTSPAN_LOG_LEVEL: "trace",
  },
});

const runtimes: AgentRuntime[] = [];
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.shutdown())));

function as(key: string | (() => string), way: "connect" | "grpc-js" = "connect"): AgentRuntime {
  const { url, grpcPort } = stack.current.gateway();
  const grpc = way === "grpc-js" ? { grpcUrl: `grpc://127.0.0.1:${grpcPort}` } : {};
  const runtime = new AgentRuntime({ url, apiKey: key, retryFor: "5s", ...grpc });
  runtimes.push(runtime);
  return runtime;
}

let started: AgentHandle;
beforeAll(async () => {
  const input = stack.current.model.script("callers", [call("refund", REFUND), { text: "ok" }]);
  started = await as(HOLDERS.alex.text).start(deskAgent(), input, { serve: false, idempotencyKey: "one" });
  await theApproval(followed(started));
});

const followed = (handle: AgentHandle) => ({ handle, runId: handle.runId, input: "" });

/** Everything that may be asked about a run, each as a call. */
function everything(handle: AgentHandle): readonly Promise<unknown>[] {
  return [
    handle.getStatus(),
    handle.stream()[Symbol.asyncIterator]().next(),
    handle.approve({ approvalId: "apr_x" }),
    handle.reject("no", { approvalId: "apr_x" }),
    handle.settle("GIVE_UP", { approvalId: "apr_x" }),
    handle.cancel("no"),
    handle.pause("no"),
    handle.resume(),
  ];
}

describe("a run", () => {
  it.each(["connect", "grpc-js"] as const)("of another namespace is not there, over %s", async (way) => {
    const strangers = [HOLDERS.stranger, HOLDERS.strangersRoot].map(({ text }) => as(text, way));
    const asked = strangers.flatMap((runtime) => everything(runtime.handle(started.runId)));
    await Promise.all(asked.map((one) => refusal(one, "RUN_NOT_FOUND")));
    const { isWaiting, state } = await started.getStatus();
    expect({ isWaiting, state }).toEqual({ isWaiting: true, state: "WAITING" });
  });

  it("of the same idempotency key in another namespace is another run", async () => {
    const input = stack.current.model.script("callers elsewhere", [{ text: "ok" }]);
    const other = await as(HOLDERS.stranger.text).start(deskAgent(), input, { serve: false, idempotencyKey: "one" });
    expect(other.runId).not.toBe(started.runId);
    await refusal(as(HOLDERS.alex.text).handle(other.runId).getStatus(), "RUN_NOT_FOUND");
  });

  it("is in the lists and watches of its own namespace only", async () => {
    const stranger = as(HOLDERS.stranger.text);
    const input = stack.current.model.script("watched elsewhere", [call("refund", REFUND), { text: "ok" }]);
    const own = await stranger.start(deskAgent(), input, { serve: false });
    await theApproval(followed(own));
    const { approvals } = await stranger.client.call(ApprovalService.method.listApprovals, {});
    expect(approvals.map(({ runId }) => runId)).toEqual([own.runId]);
    const { runs } = await stranger.client.call(RunService.method.listRuns, {});
    expect(runs.map(({ runId }) => runId)).not.toContain(started.runId);
    // The snapshot begins with the oldest: the other namespace's would come first.
    const { signal } = new AbortController();
    const watch = stranger.client.stream(ApprovalService.method.watchApprovals, {}, signal)[Symbol.asyncIterator]();
    expect((await watch.next()).value?.approval?.runId).toBe(own.runId);
    await watch.return?.(undefined);
  });

  it("is decided by an approver, with the approver's name, and not by who may only start", async () => {
    const { approvalId } = await theApproval(followed(started));
    await refusal(started.approve({ approvalId }), "PERMISSION_DENIED");
    await refusal(as(HOLDERS.robin.text).start("desk", "x"), "PERMISSION_DENIED");
    await as(HOLDERS.robin.text, "grpc-js").handle(started.runId).reject("too much", { approvalId });
    const decided = [];
    for await (const event of started.stream()) if (event.type === "decided") decided.push(event);
    expect(decided).toMatchObject([{ decision: { decidedBy: "robin" } }]);

    // The gateway refused alex, and the audit has it all the same.
    const asked = { runId: started.runId, kinds: ["refused"], who: "alex" };
    const { entries } = await as(HOLDERS.root.text).client.call(AuditService.method.listAudit, asked);
    expect(entries).toMatchObject([{ people: ["alex"], line: expect.stringContaining("PERMISSION_DENIED") }]);

    const made = as(HOLDERS.robin.text).client.call(KeyService.method.createKey, { owner: "robin", roles: ["admin"] });
    await refusal(made, "PERMISSION_DENIED");
    const ofKeys = { runId: "keys_default", kinds: ["refused"], who: "robin" };
    const tried = await as(HOLDERS.root.text).client.call(AuditService.method.listAudit, ofKeys);
    expect(tried.entries).toMatchObject([{ problem: "", line: expect.stringContaining('"asked":"create_key"') }]);
    await refusal(as(HOLDERS.robin.text).client.call(AuditService.method.listAudit, asked), "PERMISSION_DENIED");
  });

  it("that a delegate starts is on record as both, and no other may speak for somebody", async () => {
    const input = stack.current.model.script("delegate", [{ text: "ok" }]);
    const bot = as(HOLDERS.bot.text);
    await refusal(bot.start(deskAgent(), input, { serve: false }), "PERMISSION_DENIED");
    await refusal(
      as(HOLDERS.alex.text).start(deskAgent(), input, { serve: false, onBehalfOf: "robin" }),
      "PERMISSION_DENIED",
    );
    const handle = await bot.start(deskAgent(), input, { serve: false, onBehalfOf: "alex" });
    const first = await handle.stream()[Symbol.asyncIterator]().next();
    expect(first.value).toMatchObject({ type: "run_started", startedBy: "bot", onBehalfOf: "alex" });
  });
});

describe("a key of the store", () => {
  it("is kept as a hash, seen in its own namespace only, and refused within five seconds of its end", async () => {
    const { client } = as(HOLDERS.root.text);
    const keys = KeyService.method;
    const { key, text } = await client.call(keys.createKey, { owner: "sam", roles: ["runner", "approver"] });
    const keyId = key?.keyId ?? "";
    const secret = text.slice(-43);
    const sam = as(text, "grpc-js");
    await sam.handle(started.runId).getStatus();

    const [document] = await stack.current.database.collection("apiKeys").find().toArray();
    expect(document).toMatchObject({ _id: keyId, owner: "sam", namespace: "default" });
    expect(JSON.stringify(document)).not.toContain(secret);
    const elsewhere = as(HOLDERS.strangersRoot.text).client;
    expect((await elsewhere.call(keys.listKeys, {})).keys).toEqual([]);
    await refusal(elsewhere.call(keys.revokeKey, { keyId }), "KEY_NOT_FOUND");
    await refusal(sam.client.call(keys.listKeys, {}), "PERMISSION_DENIED");
    await expect.poll(async () => (await client.call(keys.listKeys, {})).keys[0]?.lastUsedAt).toBeDefined();

    await client.call(keys.revokeKey, { keyId });
    await expect
      .poll(
        () =>
          sam
            .handle(started.runId)
            .getStatus()
            .then(() => "taken", String),
        { timeout: 10_000, interval: 100 },
      )
      .toContain("has been revoked");
  });

  it.each(["connect", "grpc-js"] as const)(
    "that is renewed keeps a stream over the end of the one before, over %s",
    async (way) => {
      const { client } = as(HOLDERS.root.text);
      const make = () => client.call(KeyService.method.createKey, { owner: "lee", roles: ["runner"] });
      const input = stack.current.model.script(`renewed over ${way}`, [call("refund", REFUND), { text: "ok" }]);
      const run = await as(HOLDERS.alex.text).start(deskAgent(), input, { serve: false });
      await theApproval(followed(run));
      const [first, second] = await Promise.all([make(), make()]);
      let current = first.text;
      let asked = 0;
      const lee = as(() => {
        asked += 1;
        return current;
      }, way);
      const last = (await run.getStatus()).lastSequence;
      const seen: number[] = [];
      const reading = (async () => {
        for await (const { sequence } of lee.handle(run.runId).stream()) {
          seen.push(sequence);
          if (seen.length === last + 2) return;
        }
      })();
      await expect.poll(() => seen.length).toBe(last);
      const askedBefore = asked;
      current = second.text;
      await client.call(KeyService.method.revokeKey, { keyId: first.key?.keyId ?? "" });
      await expect.poll(() => asked).toBeGreaterThan(askedBefore);
      await run.pause("lunch");
      await run.resume();
      await reading;
      expect(seen).toEqual(Array.from({ length: last + 2 }, (_, i) => i + 1));
    },
  );
});

describe("whoever can write into the database", () => {
  it("makes nobody anything: a key that is put there, and one that is changed there, is refused", async () => {
    const keys = stack.current.database.collection<{ _id: string }>("apiKeys");
    const { client } = as(HOLDERS.root.text);
    const made = await client.call(KeyService.method.createKey, { owner: "joe", roles: ["runner"] });
    const { keyId, text, secretSha256 } = newApiKey();
    const genuine = await keys.findOne({ _id: made.key?.keyId ?? "" });
    // As a genuine one is stored, signature and all, with the thief's own secret.
    await keys.insertOne({
      ...genuine,
      _id: keyId,
      ...{ secretSha256: Buffer.from(secretSha256).toString("hex"), owner: "robin", roles: ["approver"] },
    });
    await refusal(as(text).handle(started.runId).getStatus(), "UNAUTHENTICATED");
    await keys.updateOne({ _id: made.key?.keyId ?? "" }, { $set: { roles: ["admin"] } });
    await refusal(as(made.text).handle(started.runId).getStatus(), "UNAUTHENTICATED");
    expect(stack.current.logs()).toContain("A stored API key is not believed");
  });
});

it("no process writes a secret into its log, at whatever level", async () => {
  await refusal(as(newApiKey().text).handle(started.runId).getStatus(), "UNAUTHENTICATED");
  const logs = stack.current.logs();
  expect(logs).toContain("its credential is not good");
  for (const { text } of Object.values(HOLDERS)) expect(logs).not.toContain(text.slice(-43));
});
