// An orchestrator that dies at each write of the audit, of standing grants and of API keys: nothing of it is lost, and
// nothing is there twice.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FaultPoint, newId, TRUSTED_KEYS_FILE, TrustedKeys, verifyAudit } from "@agentspan/internal";
import { AgentService, AuditService, KeyService } from "@agentspan/proto";
import { AgentRuntime } from "@agentspan/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deskAgent, until } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { dyingAt } from "../dying.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ orchestrators: 1, signed: true, env: { AGENTSPAN_ALLOW_FAULTS: "yes" } });

let runtime: AgentRuntime;
let trusted: TrustedKeys;
beforeAll(async () => {
  runtime = new AgentRuntime({ url: stack.current.gateway().url, retryFor: "60s" });
  const read = TrustedKeys.read(readFileSync(join(stack.current.keysFolder, TRUSTED_KEYS_FILE), "utf8"));
  if (!(read instanceof TrustedKeys)) throw new Error(read.faults.join());
  trusted = read;
  await runtime.client.call(AgentService.method.putAgent, { agent: deskAgent().definition });
});
afterAll(() => runtime?.shutdown());

const dying = <T>(point: FaultPoint, act: () => Promise<T>) => dyingAt(stack.current, point, act);

type Entry = Readonly<Record<string, unknown>> & { readonly run: string; readonly kind: string };

async function exported(): Promise<readonly string[]> {
  const lines: string[] = [];
  const { signal } = new AbortController();
  for await (const { line } of runtime.client.stream(AuditService.method.exportAudit, {}, signal)) lines.push(line);
  return lines;
}

async function entriesOf(run: string): Promise<readonly Entry[]> {
  const lines = await exported();
  return lines
    .slice(1)
    .map((line) => JSON.parse(line) as Entry)
    .filter((entry) => entry.run === run);
}

async function kindsOf(run: string): Promise<readonly string[]> {
  return (await entriesOf(run)).map(({ kind }) => kind);
}

const grant = (more: object = {}) =>
  runtime.grants.create({
    agent: "desk",
    tool: "refund",
    expiresIn: "10m",
    maxUses: 1,
    rule: "args.amount == 7",
    ...more,
  });
const refunding = (name: string, amount: number = REFUND.amount) =>
  startRun(stack.current, name, [call("refund", { ...REFUND, amount }), { text: "ok" }]);

describe("an orchestrator that is killed", () => {
  it.each(["orchestrator.before-audit", "orchestrator.after-audit"] as const)(
    "at %s leaves the entries of its run to the next one, each once",
    async (point) => {
      const run = await refunding(point);
      await dying(point, () => theApproval(run));
      await run.handle.approve();
      await ended(run);
      const kinds = ["requested", "decided", "granted", "settled", "ended"];
      await until("the audit has the end", async () => (await kindsOf(run.runId)).includes("ended"));
      expect(await kindsOf(run.runId)).toEqual(kinds);
    },
  );

  it.each(["orchestrator.before-refusal", "orchestrator.after-refusal"] as const)(
    "at %s refuses whoever asks again, and has that in the audit",
    async (point) => {
      const run = await refunding(point);
      const { approvalId } = await theApproval(run);
      await run.handle.approve({ approvalId });
      await ended(run);
      const handle = runtime.handle(run.runId);
      const refused = dying(point, () => handle.reject("too late", { approvalId }));
      await expect(refused).rejects.toMatchObject({ reason: "ALREADY_DECIDED" });
      const refusals = (await entriesOf(run.runId)).filter(({ kind }) => kind === "refused");
      expect(refusals.length).toBe(point === "orchestrator.before-refusal" ? 1 : 2);
      expect(new Set(refusals.map(({ decision }) => decision)).size).toBe(1);
    },
  );

  it.each(["orchestrator.before-grant", "orchestrator.after-grant-entry"] as const)(
    "at %s makes the grant once, when it is asked again",
    async (point) => {
      const description = newId("made");
      const { grantId } = await dying(point, () => grant({ description, rule: "args.amount == 0" }));
      const made: string[] = [];
      for await (const one of runtime.grants.list()) if (one.description === description) made.push(one.grantId);
      expect(made).toEqual([grantId]);
      expect(await kindsOf(grantId)).toEqual(["grant_made"]);
    },
  );

  it.each(["orchestrator.before-grant-use", "orchestrator.after-grant-use"] as const)(
    "at %s lets the call run by one use, and no other",
    async (point) => {
      const { grantId } = await grant();
      const run = await dying(point, () => refunding(point, 7));
      await ended(run);
      expect(stack.current.ledger.begun(run.runId)).toHaveLength(1);
      expect(await runtime.grants.get(grantId)).toMatchObject({ uses: 1 });
      const [, ...used] = await entriesOf(grantId);
      expect(used).toMatchObject([{ kind: "grant_used", use: 1, usedBy: run.runId }]);
      const next = await refunding(`${point}, the next`, 7);
      await theApproval(next);
      await next.handle.reject("no");
      await ended(next);
    },
  );

  it.each(["orchestrator.before-grant-revocation", "orchestrator.after-grant-revocation"] as const)(
    "at %s revokes the grant once, when it is asked again",
    async (point) => {
      const { grantId } = await grant();
      await dying(point, () => runtime.grants.revoke(grantId));
      expect((await runtime.grants.get(grantId)).revokedAt).toBeInstanceOf(Date);
      expect(await kindsOf(grantId)).toEqual(["grant_made", "grant_revoked"]);
      const run = await refunding(point, 7);
      await theApproval(run);
      await run.handle.reject("no");
      await ended(run);
    },
  );

  it.each(["orchestrator.before-key", "orchestrator.after-key"] as const)(
    "at %s gives out one key, which is stored",
    async (point) => {
      const owner = newId("owner");
      const { key } = await dying(point, () =>
        runtime.client.call(KeyService.method.createKey, { owner, roles: ["runner"] }),
      );
      const { keys } = await runtime.client.call(KeyService.method.listKeys, { pageSize: 1000 });
      expect(keys.filter((one) => one.owner === owner).map(({ keyId }) => keyId)).toContain(key?.keyId);
    },
  );

  it.each(["orchestrator.before-key-revocation", "orchestrator.after-key-revocation"] as const)(
    "at %s revokes the key, when it is asked again",
    async (point) => {
      const asked = { owner: newId("owner"), roles: ["runner"] };
      const { key } = await runtime.client.call(KeyService.method.createKey, asked);
      const keyId = key?.keyId ?? "";
      const revoked = await dying(point, () => runtime.client.call(KeyService.method.revokeKey, { keyId }));
      expect(revoked.key?.revokedAt).toBeDefined();
    },
  );

  it("leaves an audit that verifies", async () => {
    const report = await verifyAudit(await exported(), trusted);
    expect(report.faults).toEqual([]);
    expect(report.signed).toBe(report.entries);
  });
});
