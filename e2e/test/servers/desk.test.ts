// People at the desk, in a real browser, on a stack that asks everybody who they are.

import { KeyService, RunService } from "@agentspan/proto";
import { Agent, type AgentHandle, AgentRuntime, type Approval, humanTool } from "@agentspan/sdk";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { deskAgent, Gate, MODEL, type Step, until } from "../../src/index.js";
import { findBrowser } from "../desk-browser.js";
import { barriers, openApproval, rows, signIn, withBrowser } from "../desk-page.js";
import { call, theApproval } from "../desk-run.js";
import { askingForKeys, holder, inNamespace } from "../key-holders.js";
import { agentWith } from "../policy-desk.js";
import { withStack } from "../stack-fixture.js";

const KEYS = {
  program: holder("shop", ["runner"]),
  maria: holder("maria", ["approver"], ["finance"]),
  robin: holder("robin", ["approver"]),
  root: holder("root", ["admin"]),
  foreign: inNamespace("elsewhere", holder("noah", ["approver"])),
} as const;

const browser = await findBrowser();

describe.skipIf("missing" in browser)("the desk", () => {
  const stack = withStack({
    gateways: 2,
    signed: true,
    env: {
      ...askingForKeys(Object.values(KEYS)),
    },
  });
  const desks = withBrowser(browser);
  afterEach(async () => {
    await desks.leave();
    expect(desks.takeTroubles()).toEqual([]);
  });
  const runtimes: AgentRuntime[] = [];
  afterAll(() => Promise.all(runtimes.map((runtime) => runtime.shutdown())));

  const url = (gateway = 0) => stack.current.gateway(gateway).url;
  const at = (who: keyof typeof KEYS, gateway = 0) => desks.open(url(gateway), KEYS[who].text);

  interface Waiting {
    readonly runId: string;
    readonly approvalId: string;
    readonly approval: Approval;
    readonly handle: AgentHandle;
    readonly input: string;
  }

  /** A run that waits for people. */
  async function waiting(name: string, steps: readonly Step[], agent = deskAgent()): Promise<Waiting> {
    const runtime = new AgentRuntime({ url: url(1), apiKey: KEYS.program.text });
    runtimes.push(runtime);
    const input = stack.current.model.script(name, steps);
    const handle = await runtime.start(agent, input, { serve: false });
    const approval = await theApproval({ handle, runId: handle.runId, input });
    return { runId: handle.runId, approvalId: approval.approvalId, approval, handle, input };
  }

  const begun = (runId: string) =>
    stack.current.ledger.all().filter((line) => line.runId === runId && line.step === "begin");

  it("asks who sits there, refuses a key that is none, and keeps the key out of addresses", async () => {
    const page = await desks.open(url());
    await page.getByRole("heading", { name: "Sign in to the desk" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await signIn(page, holder("maria", ["approver"]).text);
    await page.getByText("That key is not taken").waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await signIn(page, KEYS.maria.text);
    await page.getByRole("heading", { name: "Waiting for people" }).waitFor();
    await page.locator("summary", { hasText: "maria" }).click();
    await page.getByText(`API key ${KEYS.maria.keyId}`).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.reload();
    await page.getByRole("heading", { name: "Waiting for people" }).waitFor();
    expect([...asked, page.url()].filter((one) => one.includes(KEYS.maria.text))).toEqual([]);
    expect(await page.context().cookies()).toEqual([]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to the desk" }).waitFor();
    expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain(KEYS.maria.text);
  });

  it("shows what begins to wait without being asked, and lets it be approved by keyboard", async () => {
    const page = await at("maria");
    await page.getByText("Live").waitFor();
    const run = await waiting("by keyboard", [call("refund", { order_id: "ORD-keys", amount: 29.99 }), { text: "ok" }]);
    await rows(page, "ORD-keys").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("ord-keys");
    await page.keyboard.press("Tab");
    await page.getByText("1 of").waitFor();
    await page.locator("main").focus();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "May refund run?" }).waitFor();
    await page.keyboard.press("a");
    await page.keyboard.press("Enter");
    await page.getByText("Approved. The call runs now.").waitFor();
    const result = await run.handle.result();
    expect(result.state).toBe("COMPLETED");
    expect(begun(run.runId).map(({ args }) => args)).toEqual(['{"amount":29.99,"order_id":"ORD-keys"}']);
    expect(begun(run.runId)[0]?.approvalId).toBe(run.approvalId);
  });

  it("lets whoever may not decide look, and tells them why there is nothing to press", async () => {
    const run = await waiting("looked at", [call("refund", { order_id: "ORD-look", amount: 1 }), { text: "ok" }]);
    const page = await at("program");
    await openApproval(page, run);
    await page.getByText("You may look at this, and not decide it").waitFor();
    await page.getByText("You are here as runner, which does not allow it.").waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
    expect(await barriers(page)).toEqual([]);
    await run.handle.cancel("done with it");
  });

  it("rejects with a reason that somebody can see, which the model is told", async () => {
    const page = await at("maria");
    const run = await waiting("rejected", [call("refund", { order_id: "ORD-no", amount: 1 }), { text: "sorry" }]);
    await openApproval(page, run);
    await page.keyboard.press("r");
    for (const nothing of ["", " \u200b\u2800"]) {
      await page.getByLabel("Why not?").fill(nothing);
      await page.keyboard.press("Control+Enter");
      await page.getByText("Say why not: the model is told.").waitFor();
    }
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("Why not?").fill("not delivered yet");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Rejected. The tool does not run").waitFor();
    await run.handle.result();
    expect(begun(run.runId)).toEqual([]);
    const told = stack.current.model.asked(run.input).at(-1)?.messages.at(-1)?.content;
    expect(told).toContain("not delivered yet");
  });

  it("takes other arguments, held to the tool's schema while they are written, and shows what is other", async () => {
    const page = await at("maria");
    const run = await waiting("edited", [call("refund", { order_id: "ORD-edit", amount: 120.5 }), { text: "ok" }]);
    await openApproval(page, run);
    await page.getByRole("button", { name: "Edit…" }).click();
    const send = page.getByRole("button", { name: "Approve with these arguments" });
    await page.getByRole("textbox", { name: "amount" }).fill('"much"');
    await page
      .getByText(/type|number/i)
      .first()
      .waitFor();
    await until("it cannot be sent", () => send.isDisabled());
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("textbox", { name: "amount" }).fill("20.10");
    await page.locator("td.removed", { hasText: "120.5" }).waitFor();
    await page.locator("td.added", { hasText: "20.10" }).waitFor();
    await page.getByLabel("Comment").fill("no more than that");
    await send.click();
    await page.getByText("Approved. The call runs now.").waitFor();
    await run.handle.result();
    expect(begun(run.runId).map(({ args }) => args)).toEqual(['{"amount":20.1,"order_id":"ORD-edit"}']);
    await openApproval(page, run);
    await page.getByText("This was approved").waitFor();
    await page.getByRole("status").getByText("“no more than that”").waitFor();
    await page.getByText("The run so far").click();
    await page.getByText("Decided by maria: approved").waitFor();
    await page.getByText("refund began on worker-1").waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  it("tells whoever was slower that somebody was faster, and who", async () => {
    const [maria, robin] = await Promise.all([at("maria"), at("robin", 1)]);
    const run = await waiting("two at once", [call("refund", { order_id: "ORD-two", amount: 2 }), { text: "ok" }]);
    // Robin's desk does not hear of it in time.
    await robin.route("**/WatchApprovals", (route) => route.abort());
    await Promise.all([openApproval(maria, run), openApproval(robin, run)]);
    // It has all that it asked for at first: what it knows is of before.
    await robin.getByText("Asked by").waitFor();
    await robin.route(/GetApproval|GetStatus/, (route) => route.abort());
    await maria.getByRole("button", { name: "Approve" }).click();
    await maria.getByText("Approved. The call runs now.").waitFor();
    await robin.keyboard.press("r");
    await robin.getByLabel("Why not?").fill("too much");
    await robin.keyboard.press("Control+Enter");
    await robin.getByRole("alert").filter({ hasText: "Somebody was faster" }).filter({ hasText: "maria" }).waitFor();
    await robin.unrouteAll();
    await robin.reload();
    await robin.getByText("This was approved").waitFor();
    expect(begun(run.runId)).toHaveLength(1);
  });

  it("takes one decision of two people who press at the same moment, and tells the other one", async () => {
    const [maria, robin] = await Promise.all([at("maria"), at("robin", 1)]);
    const run = await waiting("same moment", [call("refund", { order_id: "ORD-same", amount: 3 }), { text: "ok" }]);
    await Promise.all([openApproval(maria, run), openApproval(robin, run)]);
    // The answer to either is not there before both have pressed.
    const pressed = [maria, robin].map(async (page) => {
      const gate = new Gate();
      await page.route("**/Approve", async (route) => {
        await gate.arrive();
        await route.continue();
      });
      await page.getByRole("button", { name: "Approve" }).click();
      await gate.reached;
      return gate;
    });
    for (const gate of await Promise.all(pressed)) gate.open();
    const won = (page: typeof maria) => page.getByText("Approved. The call runs now.");
    const lost = (page: typeof maria) => page.getByText("Somebody was faster");
    await Promise.all([maria, robin].map((page) => won(page).or(lost(page)).waitFor()));
    expect(await Promise.all([maria, robin].map((page) => won(page).count())).then((all) => all.sort())).toEqual([
      0, 1,
    ]);
    await run.handle.result();
    expect(begun(run.runId)).toHaveLength(1);
  });

  it("keeps what was read in sight where its arguments are changed meanwhile, and takes no decision about it", async () => {
    const agent = agentWith("desk_four_eyes", { get_order: { votes: 2 } });
    const run = await waiting("four eyes", [call("get_order", { n: 1 }), { text: "ok" }], agent);
    const [maria, robin] = await Promise.all([at("maria"), at("robin")]);
    await Promise.all([openApproval(maria, run), openApproval(robin, run)]);
    await maria.getByRole("button", { name: "Edit…" }).click();
    await maria.getByRole("textbox", { name: "n", exact: true }).fill("2");
    await maria.getByRole("button", { name: "Approve with these arguments" }).click();
    await maria.getByText("Your vote is recorded. One more is needed.").waitFor();
    await robin.getByRole("alert").filter({ hasText: "changed by maria" }).waitFor();
    expect(await robin.getByRole("button", { name: "Approve" }).isDisabled()).toBe(true);
    await robin.getByRole("button", { name: "Show what it is about now" }).click();
    await robin.getByText("1 of 2 to approve").waitFor();
    await robin.getByRole("button", { name: "Approve" }).click();
    await robin.getByText("Approved. The call runs now.").waitFor();
    await run.handle.result();
    expect(begun(run.runId).map(({ args }) => args)).toEqual(['{"n":2}']);
  });

  it("puts a question with the fields of its answer", async () => {
    const ask = humanTool({
      name: "ask_size",
      description: "Asks which size it is.",
      answer: z.object({ size: z.enum(["S", "M", "L"]), note: z.string().optional() }),
    });
    const agent = new Agent({ name: "desk_asker", model: MODEL, tools: [ask] });
    const run = await waiting("a question", [call("ask_size", { question: "Which size?" }), { text: "ok" }], agent);
    const page = await at("maria");
    await openApproval(page, run);
    await page.getByText("Which size?").first().waitFor();
    await page.getByLabel("size").selectOption("M");
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Send the answer" }).click();
    await page.getByText("Answered. The run goes on with your answer.").waitFor();
    await run.handle.result();
    const told = stack.current.model.asked(run.input).at(-1)?.messages.at(-1)?.content;
    expect(told).toContain('"size":"M"');
  });

  it("shows what is known of a call whose outcome is not, and settles it", async () => {
    const [worker] = stack.current.workers;
    const run = await waiting("lost", [call("charge", { n: 1, die: true }), { text: "ok" }]);
    const page = await at("maria");
    await openApproval(page, run);
    await page.getByRole("heading", { name: "Did charge happen?" }).waitFor();
    await page.getByText("worker-1").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("It happened").check();
    await page.getByLabel("Its result as JSON").fill('{"charged":true}');
    await page.getByRole("button", { name: "It happened" }).click();
    await page.getByText("Settled.").waitFor();
    await run.handle.result();
    expect(stack.current.model.asked(run.input).at(-1)?.messages.at(-1)?.content).toContain('"charged":true');
    await worker?.exited;
    await worker?.restart();
  });

  it("shows arguments as the text that they are, whatever they pretend to be", async () => {
    const args = {
      body: "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">",
      "<b>name</b>": "</dd></dl><h1>Approved</h1>",
      file: "invoice\u202Efdp.exe\u200b\u200b",
      to: "p\u0430ypal@example.com",
      link: "javascript:alert(1)",
      long: "x".repeat(200_000),
      amount: 1234567.1,
    };
    const run = await waiting("markup", [call("email", args), { text: "ok" }]);
    const page = await at("maria");
    await rows(page, "<script>").waitFor();
    await openApproval(page, run);
    const shown = page.getByLabel("Arguments", { exact: true });
    await shown.getByText(args.body, { exact: true }).waitFor();
    await shown.getByText(args["<b>name</b>"], { exact: true }).waitFor();
    await shown.getByText("<b>name</b>", { exact: true }).waitFor();
    await shown.getByText("U+202E", { exact: true }).waitFor();
    await shown.getByText("U+200B ×2", { exact: true }).waitFor();
    await shown.getByText("3 characters in this text cannot be seen").waitFor();
    await shown.getByText(/letters of Latin and Cyrillic/).waitFor();
    await shown.getByText("198,800 of 200,000 characters are not shown.").waitFor();
    expect(await shown.locator(".number").textContent()).toBe("1234567.1");
    expect(await shown.locator("a, img, script, h1, b").count()).toBe(0);
    expect(await page.title()).toContain("email");
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("r");
    await page.getByLabel("Why not?").fill("not this one");
    await page.getByRole("button", { name: "Reject" }).click();
    await run.handle.result();
  });

  it("comes back after a lost connection without a lost or a doubled row", async () => {
    const waits = (name: string) => waiting(name, [call("refund", { order_id: name, amount: 4 }), { text: "ok" }]);
    const [stays, goes] = await Promise.all([waits("ORD-stays"), waits("ORD-goes")]);
    const page = await at("maria");
    await Promise.all([rows(page, "ORD-stays").waitFor(), rows(page, "ORD-goes").waitFor()]);
    const gateway = stack.current.gateway(0);
    await gateway.service.kill();
    await page.getByText("Connection lost").waitFor();
    const comes = await waits("ORD-comes");
    const elsewhere = new AgentRuntime({ url: url(1), apiKey: KEYS.robin.text });
    runtimes.push(elsewhere);
    await elsewhere.handle(goes.runId).reject("no", { approvalId: goes.approvalId });
    await gateway.restart();
    await page.getByText("Live", { exact: true }).waitFor();
    await rows(page, "ORD-comes").waitFor();
    await rows(page, "ORD-goes").waitFor({ state: "detached" });
    const links = await rows(page, /ORD-(?:stays|goes|comes)/).evaluateAll((all) =>
      all.map((one) => one.getAttribute("href")),
    );
    expect(links).toEqual([stays, comes].map(({ runId, approvalId }) => `/approvals/${runId}/${approvalId}`));
    await Promise.all(
      [stays, comes].map(({ runId, approvalId }) => elsewhere.handle(runId).reject("no", { approvalId })),
    );
    await until("both are gone", async () => (await rows(page, /ORD-(?:stays|comes)/).count()) === 0);
  });

  it("is for everybody to use: on a small screen, in the dark, with its list full", async () => {
    const agent = agentWith("desk_mine", { get_order: { approvers: { groups: ["finance"] }, expiresIn: "30m" } });
    const run = await waiting("theirs", [call("get_order", { n: 1, to: "maria" }), { text: "ok" }], agent);
    const page = await at("robin");
    await rows(page, "desk_mine").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Use dark colours" }).click();
    await page.setViewportSize({ width: 360, height: 640 });
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
    await page.getByLabel("Mine to decide").check();
    await rows(page, "desk_mine").waitFor({ state: "detached" });
    await openApproval(page, run);
    await page.getByText("the group finance").waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("alert").filter({ hasText: "You may not decide this" }).waitFor();
    const page2 = await at("maria");
    await openApproval(page2, run);
    await page2.getByRole("button", { name: "Approve" }).click();
    await page2.getByText("Approved. The call runs now.").waitFor();
    await run.handle.result();
  });

  describe("with keys that are made and revoked meanwhile", () => {
    const asRoot: Interceptor = (next) => (request) => {
      request.header.set("authorization", `Bearer ${KEYS.root.text}`);
      return next(request);
    };
    const roots = () => createGrpcTransport({ baseUrl: url(), interceptors: [asRoot] });

    it("asks again for a key when the one that is used is revoked in the middle, and goes on where one was", async () => {
      const run = await waiting("looked at", [call("refund", { order_id: "ORD-key", amount: 1 }), { text: "ok" }]);
      const keys = createClient(KeyService, roots());
      const made = await keys.createKey({ owner: "noah", roles: ["approver"] });
      const page = await desks.open(`${url()}/runs/${run.runId}`, made.text);
      await page.getByText(/events, live/).waitFor();
      await keys.revokeKey({ keyId: made.key?.keyId ?? "" });
      await page.getByText("That key is not taken").waitFor();
      expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain(made.text);
      expect(await page.getByText("ORD-key").count()).toBe(0);
      await signIn(page, KEYS.maria.text);
      await page.getByText(/events, live/).waitFor();
      await page.getByText("shop", { exact: true }).first().waitFor();
      await page.getByRole("button", { name: "Cancel the run…" }).click();
      await page.getByRole("button", { name: "Yes, cancel the run" }).click();
      await page.getByText(/events, all there are/).waitFor();
      const { events } = await createClient(RunService, roots()).getHistory({ runId: run.runId });
      const last = events.at(-1);
      expect(last?.event.case === "cancelled" && last.event.value.by).toBe("maria");
    });

    it("shows nothing of another namespace: no run in its list, and none by its id", async () => {
      const run = await waiting("foreign", [call("refund", { order_id: "ORD-foreign", amount: 1 }), { text: "ok" }]);
      const page = await desks.open(`${url()}/runs`, KEYS.foreign.text);
      await page.getByText("No run has been started yet.").waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.getByLabel("The id of a run").fill(run.runId);
      await page.getByRole("button", { name: "Go to it" }).click();
      await page.getByText("There is no such run").waitFor();
      await run.handle.cancel("done with it");
    });
  });
});
