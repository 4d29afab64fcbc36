// What an entry says of what happened.
import { digestOf } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { auditFacts } from "../../src/audit/audit-facts.js";
import { ANY_OBJECT, approves, claim, replies, Scene, start } from "../scenes/scene.js";
import { auditorAt, entryOf, recordsIn } from "./audit-desk.js";

async function audited(scene: Scene) {
  await auditorAt(scene.desk("auditor")).look();
  return recordsIn(scene.database).map((record) => ({ record, entry: entryOf(record).entry }));
}

const by = { method: "api_key", credentialId: "key_7", address: "10.1.2.3" };

describe("the audit of an approval", () => {
  it("tells who asked, what was shown and under which policy, and who decided and how that was known", async () => {
    const scene = new Scene();
    const desk = scene.desk();
    const agent = await desk.agent();
    const asked = start("run_a", { startedBy: "bot", onBehalfOf: "alex" });
    await desk.execute(asked, { agent, runId: "run_a" });
    const { stored } = await desk.execute(replies(1, ["refund"]), { runId: "run_a" });
    const edit = { kind: "approve", editedArguments: '{"amount": 2}' } as const;
    const decision = approves(stored, "t1c1", "d1", {
      by,
      comment: "less",
      onBehalfOf: "maria",
      who: "bot",
      verdict: edit,
    });
    await desk.execute(decision, { runId: "run_a" });
    await desk.execute(claim("t1c1", "n1"), { runId: "run_a" });
    const [requested, decided, granted] = await audited(scene);
    const digest = digestOf('{"index":0,"turn":1}');
    const editedDigest = digestOf('{"amount":2}');
    expect(requested?.entry).toMatchObject({
      kind: "requested",
      startedBy: "bot",
      startedFor: "alex",
      tool: "refund",
      arguments: '{"index":0,"turn":1}',
      digest,
      agent: "desk",
      agentVersion: agent.version,
      policy: '{"required":true}',
      checkpoint: "APPROVAL",
      votesRequired: 1,
    });
    expect(requested?.record.people).toEqual(["bot", "alex"]);
    expect(decided?.entry).toMatchObject({
      kind: "decided",
      who: "bot",
      onBehalfOf: "maria",
      outcome: "approved",
      comment: "less",
      ...by,
      digest,
      editedDigest,
      editedArguments: '{"amount":2}',
      decision: "d1",
    });
    expect(granted?.entry).toMatchObject({
      kind: "granted",
      worker: "w1",
      attempt: 1,
      nonceDigest: digestOf("n1"),
      digest: editedDigest,
      decision: "d1",
      approval: decided?.entry.approval,
    });
    expect(JSON.stringify([requested, decided, granted])).not.toContain('"n1"');
  });

  it("tells of each preview that was shown or checked, and of the grant which one it was checked against", async () => {
    const scene = new Scene();
    const desk = scene.desk();
    const preview = { fields: ["balance"] };
    const tools = [{ name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true }, preview }];
    const agent = await desk.agent({ name: "desk", model: "script/any", tools });
    await desk.execute(start(), { agent });
    await desk.execute(replies(1, ["refund"]));
    const look = async (number: number) => {
      await desk.execute({ type: "claim_preview", callId: "t1c1", attempt: 1, workerId: "w1" });
      const digest = digestOf('{"index":0,"turn":1}');
      const said = { kind: "found", text: '{"balance":40,"at":"12:00"}' } as const;
      await desk.execute({ type: "answer_preview", callId: "t1c1", number, digest, workerId: "w1", said });
    };
    await look(1);
    await desk.execute(approves(await desk.stored(), "t1c1", "d1", { by }));
    await look(2);
    await desk.execute(claim("t1c1", "n1"));
    const entries = (await audited(scene)).map(({ entry }) => entry);
    const fingerprint = digestOf('{"balance":40}');
    const seen = { kind: "previewed", status: "found", text: '{"at":"12:00","balance":40}', fingerprint, worker: "w1" };
    expect(entries).toMatchObject([
      { kind: "requested", preview: { fields: ["balance"], timeoutMs: 10_000 } },
      { ...seen, purpose: "shown", number: 1 },
      { kind: "decided", preview: fingerprint },
      { ...seen, purpose: "checked", number: 2, verdict: "same" },
      { kind: "granted", checkedPreview: fingerprint },
    ]);
  });

  it("tells of a decision by a standing grant what would have been shown, and the grant", () => {
    const about = { callId: "c1", turn: 1, tool: "refund", modelCallId: "m1", queue: "desk" } as const;
    const called = { ...about, type: "tool_call", gate: "approval", arguments: "{}", digest: digestOf("{}") } as const;
    const act = { approvalId: "apr_1", callId: "c1", decisionId: "d1", requestHash: "h", who: "maria", comment: "" };
    const ground = { grantId: "grt_1", version: "v", use: 3 };
    const decided = { ...act, type: "decided", outcome: "approved", ground } as const;
    const events = [called, decided].map((fact, at) => ({ sequence: at + 1, at, by: "orc_1", fact }));
    const facts = auditFacts(events, (tool) => `policy of ${tool}`);
    expect(facts).toMatchObject([
      {
        sequence: 1,
        kind: "requested",
        tool: "refund",
        says: {
          approval: "apr_1",
          arguments: "{}",
          digest: digestOf("{}"),
          policy: "policy of refund",
          votesRequired: 1,
        },
      },
      { sequence: 2, kind: "decided", people: ["maria"], tool: "refund", says: { approval: "apr_1", ground } },
    ]);
  });

  it("tells each vote, and what became of an approval that nobody decided", async () => {
    const scene = new Scene();
    const desk = scene.desk();
    const policy = { required: true, votesRequired: 2 };
    const tools = [{ name: "refund", inputSchemaJson: '{"type":"object"}', approval: policy }];
    await desk.execute(start("run_a"), {
      agent: await desk.agent({ name: "desk", model: "script/any", tools }),
      runId: "run_a",
    });
    const { stored } = await desk.execute(replies(1, ["refund"]), { runId: "run_a" });
    await desk.execute(approves(stored, "t1c1", "d1", { by }), { runId: "run_a" });
    await desk.execute({ type: "cancel", reason: "no more", who: "alex" }, { runId: "run_a" });
    const entries = await audited(scene);
    expect(entries.map(({ entry }) => entry.kind)).toEqual(["requested", "voted", "closed", "settled", "ended"]);
    expect(entries[1]?.entry).toMatchObject({ who: "maria", ...by });
    expect(entries[2]?.entry).toMatchObject({ why: "CANCELLED", tool: "refund" });
    expect(entries[3]?.entry).toMatchObject({ outcome: "cancelled" });
    expect(entries[4]?.entry).toMatchObject({ state: "CANCELLED", reason: "no more", who: "alex" });
  });
});
