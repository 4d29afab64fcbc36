// The audit as production writes it: who asked, who decided, who was refused; over a kill, and against whoever can
// write to the database.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AuditReport, TRUSTED_KEYS_FILE, TrustedKeys, verifyAudit } from "@agentspan/internal";
import { AuditService } from "@agentspan/proto";
import { AgentRuntime, AgentspanError } from "@agentspan/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deskAgent, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, refusal, theApproval } from "../desk-run.js";
import { askingForKeys, holder, inNamespace } from "../key-holders.js";
import { withStack } from "../stack-fixture.js";

const CLIENTS = 100;

const alex = holder("alex", ["runner"]);
const root = holder("root", ["admin"]);
const stranger = inNamespace("acme", holder("kims-root", ["admin"]));
const people = Array.from({ length: CLIENTS }, (_, number) => holder(`person-${number}`, ["approver"]));
const [maria, sam] = people as [(typeof people)[0], (typeof people)[0]];

const stack = withStack({
  orchestrators: 2,
  signed: true,
  env: {
    ...askingForKeys([alex, root, stranger, ...people]),
  },
});

const runtimes: AgentRuntime[] = [];
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.shutdown())));

function as({ text }: { readonly text: string }): AgentRuntime {
  const runtime = new AgentRuntime({ url: stack.current.gateway().url, apiKey: text, retryFor: "10s" });
  runtimes.push(runtime);
  return runtime;
}

async function begin(name: string): Promise<DeskRun & { readonly approvalId: string }> {
  const input = stack.current.model.script(name, [call("refund", REFUND), { text: "ok" }]);
  const handle = await as(alex).start(deskAgent(), input, { serve: false });
  const run = { input, runId: handle.runId, handle };
  return { ...run, approvalId: (await theApproval(run)).approvalId };
}

async function exported(who = root): Promise<readonly string[]> {
  const { client } = as(who);
  const lines: string[] = [];
  for await (const { line } of client.stream(AuditService.method.exportAudit, {}, AbortSignal.timeout(60_000))) {
    lines.push(line);
  }
  return lines;
}

type Entry = Readonly<Record<string, unknown>>;

function entriesOf(lines: readonly string[], run: string): readonly Entry[] {
  return lines.map((line): Entry => JSON.parse(line)).filter((entry) => entry.run === run);
}

/** Once the runs' ends are in it. */
function exportedWithEnds(...runs: readonly string[]): Promise<readonly string[]> {
  return until("the audit has the ends of the runs", async () => {
    const lines = await exported();
    return runs.every((run) => entriesOf(lines, run).some(({ kind }) => kind === "ended")) && lines;
  });
}

let trusted: TrustedKeys;
beforeAll(async () => {
  const read = TrustedKeys.read(await readFile(join(stack.current.keysFolder, TRUSTED_KEYS_FILE), "utf8"));
  if (!(read instanceof TrustedKeys)) throw new Error(read.faults.join());
  trusted = read;
});

const faultsOf = ({ faults }: AuditReport): readonly string[] =>
  faults.map(({ entry, problem }) => `${entry}: ${problem}`);

describe("the audit", () => {
  it("tells who asked, decided and was refused, whoever is killed, and what was done to it since", async () => {
    const [paid, refused] = await Promise.all([begin("audit paid"), begin("audit rejected")]);
    await as(maria).handle(paid.runId).approve({ approvalId: paid.approvalId, comment: "checked" });
    await stack.current.orchestrators[0]?.kill();
    await as(sam).handle(refused.runId).reject("too much", { approvalId: refused.approvalId });
    const late = await refusal(
      as(sam).handle(paid.runId).reject("no", { approvalId: paid.approvalId }),
      "ALREADY_DECIDED",
    );
    expect(late.metadata.winner).toBe(maria.owner);
    await refusal(as(alex).handle(paid.runId).approve({ approvalId: paid.approvalId }), "PERMISSION_DENIED");
    await Promise.all([ended(paid), ended(refused)]);

    const lines = await exportedWithEnds(paid.runId, refused.runId);
    const report = await verifyAudit(lines, trusted);
    expect(report).toMatchObject({ faults: [], notes: [], signed: report.entries, entries: lines.length - 1 });
    const story = entriesOf(lines, paid.runId).filter(({ chain }) => chain === "run");
    expect(story.map(({ kind }) => kind)).toEqual(["requested", "decided", "granted", "settled", "ended"]);
    expect(story[0]).toMatchObject({
      startedBy: "alex",
      tool: "refund",
      arguments: '{"amount":29.99,"order_id":"ORD-8821"}',
    });
    const known = { method: "api_key", address: "127.0.0.1" };
    const decided = { who: maria.owner, credentialId: maria.keyId, outcome: "approved", comment: "checked", ...known };
    expect(story[1]).toMatchObject({ ...decided, digest: story[0]?.digest });
    expect(story[2]).toMatchObject({ worker: "worker-1", digest: story[0]?.digest, decision: story[1]?.decision });
    expect(entriesOf(lines, refused.runId).map(({ kind, who }) => `${kind} ${who ?? ""}`)).toContain(
      `decided ${sam.owner}`,
    );
    const refusals = entriesOf(lines, paid.runId).filter(({ chain }) => chain === "refused");
    expect(refusals[0]).toMatchObject({ who: sam.owner, ...known, asked: "reject", reason: "ALREADY_DECIDED" });

    const audit = stack.current.database.collection<{ _id: string; run: string; kind: string; text: string }>("audit");
    const stored = await audit.findOne({ run: paid.runId, kind: "decided" });
    if (stored === null) throw new Error("The decision is not stored.");
    await audit.updateOne({ _id: stored._id }, { $set: { text: stored.text.replace(maria.owner, sam.owner) } });
    const [changed, forged] = faultsOf(await verifyAudit(await exported(), trusted));
    expect(changed).toBe(`${stored._id}: it was changed: its hash is not that of what it says`);
    expect(forged).toContain(`${stored._id}: its decision is not the one that was signed: the signature of key`);
    await audit.updateOne({ _id: stored._id }, { $set: { text: stored.text } });

    const rejection = await audit.findOne({ run: refused.runId, kind: "decided" });
    await audit.deleteOne({ _id: rejection?._id ?? "" });
    const missing = faultsOf(await verifyAudit(await exported(), trusted));
    expect(missing).toHaveLength(1);
    expect(missing[0]).toContain("an entry between them is missing");
    // Until now the one that is left knew what it had written; whoever does not puts it there again.
    await stack.current.orchestrators[0]?.restart();
    await until(
      "the entry is there again",
      async () => faultsOf(await verifyAudit(await exported(), trusted)).length === 0,
    );
  });

  it("has one decision of a hundred that are made at the same instant, and whom each other lost to", async () => {
    const run = await begin("audit hundred");
    const clients = people.map((person) => ({ ...person, handle: as(person).handle(run.runId) }));
    await Promise.all(clients.map(({ handle }) => handle.getStatus()));
    const answers = await Promise.all(
      clients.map(({ owner, handle }, number) => {
        const { approvalId } = run;
        const asked = number % 2 === 0 ? handle.approve({ approvalId }) : handle.reject("no", { approvalId });
        return asked.then(() => owner, AgentspanError.from);
      }),
    );
    const winners = answers.filter((answer) => typeof answer === "string");
    const losers = answers.filter((answer) => answer instanceof AgentspanError);
    expect(winners).toHaveLength(1);
    expect(losers.map(({ reason, metadata }) => `${reason} ${metadata.winner}`)).toEqual(
      losers.map(() => `ALREADY_DECIDED ${winners[0]}`),
    );
    await ended(run);
    const begun = stack.current.ledger.begun(run.runId);
    const lines = await exportedWithEnds(run.runId);
    const entries = entriesOf(lines, run.runId);
    const decisions = entries.filter(({ kind }) => kind === "decided");
    expect(decisions.map(({ who }) => who)).toEqual(winners);
    expect(begun).toHaveLength(decisions[0]?.outcome === "approved" ? 1 : 0);
    const refusals = entries.filter(({ kind }) => kind === "refused");
    expect(new Set(refusals.map(({ who }) => who)).size).toBe(CLIENTS - 1);
    expect(refusals.every(({ winner }) => winner === winners[0])).toBe(true);
    const report = await verifyAudit(lines, trusted);
    expect(faultsOf(report).filter((fault) => fault.startsWith(run.runId))).toEqual([]);
  });

  it("is for admins, each of whom sees their own namespace, and is found by what it says", async () => {
    await refusal(as(alex).client.call(AuditService.method.listAudit, {}), "PERMISSION_DENIED");
    await refusal(as(maria).client.call(AuditService.method.listAudit, {}), "PERMISSION_DENIED");
    expect(await exported(stranger)).toHaveLength(1);
    const kinds = ["decided", "refused"];
    const { entries } = await as(root).client.call(AuditService.method.listAudit, { who: maria.owner, kinds });
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.every(({ people: about, kind }) => about.includes(maria.owner) && kinds.includes(kind))).toBe(true);
    const all = await as(root).client.call(AuditService.method.listAudit, { pageSize: 1_000 });
    expect(all.entries.filter(({ problem }) => problem !== "")).toEqual([]);
  });
});
