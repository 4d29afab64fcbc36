// Decision links while authentication is on, where a link alone decides nothing: whoever opens it must be the person that
// it was given to, by their own credential, with a right to decide.
import { ApprovalService, type DecisionLink, KeyService } from "@agentspan/proto";
import { AgentRuntime } from "@agentspan/sdk";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { deskAgent, until } from "../../src/index.js";
import { findBrowser } from "../desk-browser.js";
import { barriers, withBrowser } from "../desk-page.js";
import { call, type DeskRun, ended, REFUND, theApproval } from "../desk-run.js";
import { askingForKeys, holder, inNamespace } from "../key-holders.js";
import { audited, linkAt, look, type Seen, send } from "../link-page.js";
import { withStack } from "../stack-fixture.js";

const KEYS = {
  shop: holder("shop", ["runner"]),
  maria: holder("maria", ["approver"]),
  robin: holder("robin", ["approver"]),
  root: holder("root", ["admin"]),
  reader: holder("rea", ["runner"]),
  foreign: inNamespace("elsewhere", holder("maria", ["approver"])),
} as const;

const stack = withStack({
  gateways: 2,
  signed: true,
  env: {
    ...askingForKeys(Object.values(KEYS)),
    AGENTSPAN_PUBLIC_URL: "https://agents.acme.test",
    AGENTSPAN_LOG_LEVEL: "trace",
  },
});
const runtimes: AgentRuntime[] = [];
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.shutdown())));

function clients(key: string) {
  const withKey: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createGrpcTransport({ baseUrl: stack.current.gateway().url, interceptors: [withKey] });
  return { approvals: createClient(ApprovalService, transport), keys: createClient(KeyService, transport) };
}

async function waiting(name: string): Promise<DeskRun> {
  const runtime = new AgentRuntime({ url: stack.current.gateway().url, apiKey: KEYS.shop.text });
  runtimes.push(runtime);
  const input = stack.current.model.script(name, [call("refund", REFUND), { text: "ok" }]);
  const handle = await runtime.start(deskAgent(), input, { serve: false });
  const run = { handle, runId: handle.runId, input };
  await theApproval(run);
  return run;
}

async function asked(name: string, person = "maria", forMs?: number) {
  const run = await waiting(name);
  const expiresAt = forMs === undefined ? {} : { expiresAt: timestampFromMs(Date.now() + forMs) };
  const about = { runId: run.runId, person, ...expiresAt };
  const { link } = await clients(KEYS.robin.text).approvals.createDecisionLink(about);
  if (link === undefined) throw new Error("There is no link.");
  const pathOf = ({ url }: DecisionLink) => ({ url: new URL(url).pathname });
  return { run, link, urls: [0, 1].map((n) => linkAt(stack.current.gateway(n), pathOf(link))) as [string, string] };
}

async function isOpen({ handle }: DeskRun): Promise<boolean> {
  return (await handle.getStatus()).pendingApprovals.length === 1;
}

const titleOf = ({ text }: Seen) => /<h1>(.*?)<\/h1>/.exec(text)?.[1];
const APPROVE = { act: "approve", comment: "", preview: "" };

describe("a decision link where everybody is asked who they are", () => {
  it("has the installation's address, and tells by itself for whom it is and about which tool, and no more", async () => {
    const { run, link, urls } = await asked("alone");
    expect(link.url).toMatch(/^https:\/\/agents\.acme\.test\/decide\/[\w-]+\.[0-9a-f]{16}\.[\w-]+$/);
    const seen = await look(urls[0]);
    expect([seen.status, titleOf(seen)]).toEqual([200, "Say who you are"]);
    for (const shown of ["maria", "desk", run.runId]) expect(seen.text).toContain(shown);
    // It may be decided by now, which is not told: so it says of nothing that it waits.
    expect(seen.text).not.toMatch(/waits|was asked/);
    for (const hidden of ["ORD-8821", "29.99", "shop"]) expect(seen.text).not.toContain(hidden);
    for (const fields of [APPROVE, { act: "show" }, { ...APPROVE, key: "" }, { ...APPROVE, key: "agsp_a_b" }]) {
      const refused = await send(urls[1], fields);
      expect([refused.status, titleOf(refused)]).toEqual([401, "Say who you are"]);
      expect(refused.text).not.toContain("ORD-8821");
    }
    expect(await isOpen(run)).toBe(true);
  });

  it("is for nobody else, whatever they may do by themselves, and the audit hears of who tried", async () => {
    const { run, link, urls } = await asked("others");
    for (const act of ["show", "approve", "reject"]) {
      const refused = await send(urls[0], { ...APPROVE, act, reason: "no", key: KEYS.robin.text });
      expect([refused.status, titleOf(refused)]).toEqual([403, "This link is for somebody else"]);
      expect(refused.text).not.toContain("ORD-8821");
    }
    const foreign = await send(urls[0], { ...APPROVE, key: KEYS.foreign.text });
    expect([foreign.status, titleOf(foreign)]).toEqual([404, "There is nothing to decide here"]);
    expect(await isOpen(run)).toBe(true);
    const tried = (await audited(stack.current.gateway(), ["refused"], KEYS.root.text)).filter(
      (entry) => entry.decision === link.linkId,
    );
    expect(tried.map(({ asked: what, who, reason }) => [what, who, reason])).toEqual([
      ["approve", "robin", "PERMISSION_DENIED"],
      ["reject", "robin", "PERMISSION_DENIED"],
    ]);
  });

  it("gives its person no right that they have not, and is made by nobody who may not decide", async () => {
    const { run, urls } = await asked("reader", "rea");
    const shown = await send(urls[0], { act: "show", key: KEYS.reader.text });
    expect([shown.status, titleOf(shown)]).toEqual([200, "May refund run?"]);
    const refused = await send(urls[0], { ...APPROVE, key: KEYS.reader.text });
    expect([refused.status, titleOf(refused)]).toEqual([403, "You may not decide this"]);
    expect(refused.text).toContain("takes the role approver or admin");
    expect(await isOpen(run)).toBe(true);
    const { approvals } = clients(KEYS.shop.text);
    await expect(approvals.createDecisionLink({ runId: run.runId, person: "shop" })).rejects.toThrow(/takes the role/);
    const kept = await audited(stack.current.gateway(), ["refused"], KEYS.root.text);
    expect(kept.filter(({ asked: what }) => what === "create_link")).toMatchObject([{ who: "shop", person: "shop" }]);
    await run.handle.cancel("done with it");
  });

  it("shows all of it to its person, and records them by their own credential, once", async () => {
    const { run, link, urls } = await asked("signed in");
    const shown = await send(urls[0], { act: "show", key: KEYS.maria.text });
    expect(shown.status).toBe(200);
    for (const text of ["ORD-8821", "29.99", "shop"]) expect(shown.text).toContain(text);
    expect(shown.text).not.toContain(KEYS.maria.text);
    expect(await isOpen(run)).toBe(true);
    const first = await send(urls[0], { ...APPROVE, key: KEYS.maria.text });
    expect([first.status, titleOf(first)]).toEqual([200, "Approved"]);
    expect(await send(urls[1], { ...APPROVE, key: KEYS.maria.text })).toMatchObject({ status: 200, text: first.text });
    await ended(run);
    const decided = await until("it is in the audit", async () =>
      (await audited(stack.current.gateway(), ["decided"], KEYS.root.text)).find(({ run: id }) => id === run.runId),
    );
    expect(decided).toMatchObject({ decision: link.linkId, who: "maria", method: "api_key" });
    expect(decided).not.toHaveProperty("onBehalfOf");
    expect(stack.current.logs()).not.toContain(KEYS.maria.text);
    expect(stack.current.logs()).not.toContain(link.url.split("/decide/")[1]);
  });

  it("whose time is over says so to everybody, and what became of it to its person alone", async () => {
    const { run, urls } = await asked("over", "maria", 2_000);
    await until("it is over", async () => (await look(urls[0])).status === 410);
    const over = async (key: string) => {
      const seen = await send(urls[1], { act: "show", key });
      expect(seen.status).toBe(410);
      return titleOf(seen);
    };
    for (const key of ["", "agsp_a_b", KEYS.maria.text]) expect(await over(key)).toBe("This link is over");
    const robin = new AgentRuntime({ url: stack.current.gateway().url, apiKey: KEYS.robin.text });
    runtimes.push(robin);
    await robin.handle(run.runId).approve();
    expect([await over(""), await over(KEYS.maria.text)]).toEqual(["This link is over", "Somebody was faster"]);
    const stranger = await send(urls[0], { act: "show", key: KEYS.robin.text });
    expect([stranger.status, titleOf(stranger)]).toEqual([403, "This link is for somebody else"]);
  });

  it("is not for whoever started the run, who may not approve in it", async () => {
    const run = await waiting("own");
    const { approvals } = clients(KEYS.robin.text);
    const own = approvals.createDecisionLink({ runId: run.runId, person: "shop" });
    await expect(own).rejects.toThrow(/takes the word of somebody else/);
  });

  it("is useless once its person's key is revoked", async () => {
    const { keys } = clients(KEYS.root.text);
    const { key, text } = await keys.createKey({ owner: "eve", roles: ["approver"] });
    const { run, urls } = await asked("revoked", "eve");
    expect((await send(urls[0], { act: "show", key: text })).status).toBe(200);
    await keys.revokeKey({ keyId: key?.keyId ?? "" });
    await until("it is refused", async () => (await send(urls[0], { act: "show", key: text })).status === 401);
    expect((await send(urls[0], { ...APPROVE, key: text })).status).toBe(401);
    expect(await isOpen(run)).toBe(true);
  });
});

const browser = await findBrowser();

describe.skipIf("missing" in browser)("signing in at the page of a decision link", () => {
  const desks = withBrowser(browser);
  afterEach(async () => {
    await desks.leave();
    expect(desks.takeTroubles()).toEqual([]);
  });

  it("takes the key with each form, keeps it nowhere, and needs no script", async () => {
    const { run, urls } = await asked("in a browser");
    const page = await desks.open(urls[0], undefined, { scripts: false });
    await page.getByLabel("API key or token").fill(KEYS.maria.text);
    await page.getByRole("button", { name: "Show it" }).click();
    await page.getByRole("heading", { name: "May refund run?" }).waitFor();
    expect(await page.content()).not.toContain(KEYS.maria.text);
    const approving = page.locator("form").filter({ has: page.getByRole("button", { name: "Approve" }) });
    await approving.getByLabel("API key or token").fill(KEYS.maria.text);
    await approving.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "Approved" }).waitFor();
    await ended(run);
    expect(await page.context().cookies()).toEqual([]);
    const looked = await desks.open((await asked("looked at")).urls[1]);
    expect(await barriers(looked)).toEqual([]);
    await looked.getByLabel("API key or token").fill(KEYS.maria.text);
    await looked.getByRole("button", { name: "Show it" }).click();
    await looked.getByRole("heading", { name: "May refund run?" }).waitFor();
    expect(await barriers(looked)).toEqual([]);
  });
});
