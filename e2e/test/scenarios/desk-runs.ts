// Whoever looks at runs on the desk, in a real browser.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "@agentspan/internal";
import { Agent, agentTool } from "@agentspan/sdk";
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { deskAgent, MODEL, type Stack, until } from "../../src/index.js";
import { barriers, type Desks, rows } from "../desk-page.js";
import { call, type DeskRun, ended, startRun, theApproval } from "../desk-run.js";

export interface DeskOf {
  readonly stack: () => Stack;
  readonly desks: Desks;
}

/** Opens the page of a run. */
export async function openRun({ stack, desks }: DeskOf, { runId }: Pick<DeskRun, "runId">): Promise<Page> {
  const page = await desks.open(`${stack().gateway().url}/runs/${runId}`);
  await page.locator("article.run").waitFor();
  return page;
}

export function stateOf(page: Page, state: string): Locator {
  return page.getByRole("heading", { level: 1 }).filter({ hasText: state });
}

/** The row of the picture of this label, where it says this of it: "✓ ok". */
export function bar(page: Page, label: string, outcome: string): Locator {
  const rowsOf = page.getByRole("list", { name: /^Turns, calls and pauses/ }).getByRole("button");
  return rowsOf.filter({ hasText: label }).filter({ hasText: outcome });
}

/** As a browser tells a page that it is in sight, or behind another tab. */
async function see(page: Page, isSeen: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "visibilityState", { value: "${isSeen ? "visible" : "hidden"}", configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  `);
}

export function runPageScenarios(of: DeskOf): void {
  const { stack, desks } = of;
  const start = (...args: Parameters<typeof startRun> extends [Stack, ...infer Rest] ? Rest : never) =>
    startRun(stack(), ...args);
  const open = (path: string): Promise<Page> => desks.open(new URL(path, stack().gateway().url).href);

  it("shows a run with what it was asked, what it did when, and what it waits for, and then what came of it", async () => {
    const hold = newId("gate");
    const run = await start("a run\u202E <b>to</b> look at", [
      {
        calls: [
          { tool: "get_order", args: { failures: 1 } },
          { tool: "get_customer", args: { fail: "nobody" } },
        ],
      },
      { calls: [{ tool: "refund", args: { order_id: "ORD-shown", amount: 2 } }, { tool: "email" }] },
      call("get_order", { hold }),
      { text: `All of it <img src=x onerror="document.title='owned'">${"x".repeat(5_000)}` },
    ]);
    const approvals = await until("both wait", async () => {
      const { pendingApprovals } = await run.handle.getStatus();
      return pendingApprovals.length === 2 && pendingApprovals;
    });
    const page = await open("/");
    await page.getByLabel("Search").fill("ORD-shown");
    const waits = page.getByRole("listitem").filter({ hasText: "ORD-shown" });
    await waits.getByRole("link", { name: "The run of refund" }).click();
    await stateOf(page, "Waits for people").waitFor();
    expect(new URL(page.url()).pathname).toBe(`/runs/${run.runId}`);
    await page.getByText("anonymous", { exact: true }).first().waitFor();
    await page.getByText("U+202E").first().waitFor();
    await page.getByText("<b>to</b> look at").first().waitFor();
    // What each row says, whoever cannot see its bar.
    await bar(page, "Turn 1", "✓ ok").waitFor();
    await bar(page, "get_order", "✓ ok").filter({ hasText: "1 attempt failed" }).waitFor();
    await bar(page, "get_customer", "✕ error").waitFor();
    await bar(page, "refund", "… waits for people").waitFor();
    expect(await page.locator(".bar").filter({ hasText: "refund" }).locator(".piece.person").count()).toBe(1);
    expect(await barriers(page)).toEqual([]);

    await page.getByRole("region", { name: "Waits for people" }).getByRole("link", { name: "refund" }).click();
    await page.getByRole("heading", { name: "May refund run?" }).waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved. The call runs now.").waitFor();
    await page.getByRole("link", { name: run.runId }).click();
    const email = approvals.find(({ toolName }) => toolName === "email");
    await run.handle.reject("not now", { approvalId: email?.approvalId ?? "" });
    // It is told to whoever looks, without asking.
    await bar(page, "email", "⊘ rejected").waitFor();
    await bar(page, "get_order", "… runs").waitFor();
    await stateOf(page, "Running").waitFor();
    writeFileSync(join(stack().folder, hold), "");
    await stateOf(page, "Completed").waitFor();
    await page.getByText(/events, all there are/).waitFor();
    const result = page.getByRole("region", { name: "Its result" }).first();
    await result.getByText("<img src=x").waitFor();
    await result.getByText(/of 5,\d+ characters are not shown/).waitFor();
    expect(await result.locator("img").count()).toBe(0);
    expect(await page.getByRole("button", { name: "Cancel the run…" }).count()).toBe(0);
    await page.getByText("Tokens: 40 read, 20 written, in 4 replies").click();
    await page.locator("table.tokens tfoot").waitFor();
    expect(await page.locator("table.tokens tbody tr").count()).toBe(4);
    expect(await page.locator("table.tokens tfoot td").allTextContents()).toEqual(["40", "20", "60"]);

    // From the picture to what happened, by keyboard.
    await bar(page, "Turn 1", "✓ ok").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const called = page.locator(".event-head[aria-expanded='true']").filter({ hasText: "get_customer is called" });
    await called.waitFor();
    await until("it has the focus", () => called.evaluate((one) => one === one.ownerDocument.activeElement));
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await page.locator(".event-head[aria-expanded='true']").filter({ hasText: "get_order is called" }).waitFor();
    await page.getByLabel("Which events").selectOption("What went wrong");
    await page.getByText(/^\d of \d+ events/).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Use dark colours" }).click();
    await page.setViewportSize({ width: 360, height: 640 });
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
    expect(await page.title()).toBe("desk: Completed – Agentspan desk");
  });

  it("pauses, resumes and cancels a run, each with what it means, and says where it came too late", async () => {
    const run = await start("to be steered", [call("refund", { order_id: "ORD-steer", amount: 1 }), { text: "never" }]);
    await theApproval(run);
    const [page, late] = [await openRun(of, run), await openRun(of, run)];
    await page.getByRole("button", { name: "Pause…" }).click();
    await page.getByText("It begins nothing new until it is resumed.").waitFor();
    await page.keyboard.press("Escape");
    expect((await run.handle.getStatus()).paused).toBe(false);
    // It is carried out, and the answer is lost: the same act is sent again.
    const sent: string[] = [];
    await page.route(
      "**/Pause",
      async (route) => {
        sent.push((await route.fetch()).statusText());
        await route.abort();
      },
      { times: 1 },
    );
    await page.getByRole("button", { name: "Pause…" }).click();
    await page.getByLabel("Why?").fill("the shop is closed");
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Control+Enter");
    await stateOf(page, "Paused").waitFor();
    await stateOf(late, "Paused").waitFor();
    await bar(page, "Paused", "… paused").waitFor();
    await late.getByRole("button", { name: "Resume" }).click();
    await late.getByText("Resumed. It goes on.").waitFor();
    await page.getByText("Paused. Nothing new begins").waitFor();
    expect(sent).toEqual(["OK"]);
    await page.getByRole("button", { name: "Cancel the run…" }).click();
    await page.getByText("cannot be begun again").waitFor();
    await page.getByLabel("Why?").fill("changed my mind");
    // The other one does not hear that it ends.
    await late.getByRole("button", { name: "Pause…" }).click();
    await late.route(/GetStatus|StreamEvents/, (route) => route.abort());
    await page.getByRole("button", { name: "Yes, cancel the run" }).click();
    await stateOf(page, "Cancelled").waitFor();
    expect((await ended(run)).state).toBe("CANCELLED");
    await late.getByRole("button", { name: "Pause the run" }).click();
    await late.getByRole("alert").filter({ hasText: "The run has ended meanwhile" }).waitFor();
    const told = (await stack().rpc().runs.getHistory({ runId: run.runId })).events.map(({ event }) => event);
    expect(told.map(({ value }) => (value !== undefined && "reason" in value ? value.reason : ""))).toEqual(
      expect.arrayContaining(["the shop is closed", "changed my mind"]),
    );
    expect(told.filter(({ case: kind }) => kind === "paused" || kind === "cancelled")).toHaveLength(2);
  });

  it("leads to the runs that a run started, and back, and to what waits in them", async () => {
    const helper = agentTool(deskAgent(), { name: "helper", description: "Helps." });
    const lead = new Agent({ name: "desk_lead", model: MODEL, tools: [helper] });
    const asked = `child of ${newId("run")}`;
    stack().model.say(asked, [call("refund", { order_id: "ORD-child", amount: 3 }), { text: "done below" }]);
    const run = await start("a lead", [call("helper", { input: asked }), { text: "done" }], { agent: lead });
    const { approvalId } = await theApproval(run);
    const page = await openRun(of, run);
    await bar(page, "helper", "… waits for people").waitFor();
    const children = page.getByRole("region", { name: "Runs that it started" });
    await children.getByText("Waits for people").waitFor();
    expect(await barriers(page)).toEqual([]);
    await children.getByRole("link", { name: "desk" }).click();
    await page.getByText(asked, { exact: true }).first().waitFor();
    await page.getByRole("link", { name: run.runId }).click();
    await page.getByRole("heading", { level: 1 }).filter({ hasText: "desk_lead" }).waitFor();
    await page.getByText(/events, live$/).waitFor();

    // While nobody sees the page it holds no connection for events; then it has all that happened meanwhile.
    const dropped = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/StreamEvents"));
    await see(page, false);
    await dropped;
    await run.handle.approve({ approvalId });
    await ended(run);
    await see(page, true);
    await stateOf(page, "Completed").waitFor();
    await page.getByText(/events, all there are$/).waitFor();
    await children.getByText("Completed").waitFor();
  });

  it("tells what is settled after the end", async () => {
    const [worker] = stack().workers;
    const run = await start("ends unsettled", [call("charge", { n: 1, die: true }), { text: "never" }]);
    const { approvalId } = await theApproval(run);
    await worker?.exited;
    await worker?.restart();
    const page = await openRun(of, run);
    await bar(page, "charge", "… waits for people").waitFor();
    await run.handle.cancel("not any more");
    await stateOf(page, "Cancelled").waitFor();
    const before = await page.getByText(/^\d+ events, all there are$/).textContent();
    await page.getByRole("region", { name: "Waits for people" }).getByRole("link", { name: "charge" }).waitFor();
    await run.handle.settle("GIVE_UP", { approvalId });
    await page.getByText("Decided by anonymous: settled: nobody will know").waitFor();
    expect(await page.getByText(/^\d+ events, all there are$/).textContent()).not.toBe(before);
    await page.getByRole("region", { name: "Waits for people" }).waitFor({ state: "detached" });
  });

  it("says of an id that there is no such run, or that it is none", async () => {
    const page = await open("/runs/run_aaaaaaaaaaaaaaaaaaaaaaaa");
    await page.getByText("There is no such run").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.goto(new URL("/runs/what%20is%3Cthis%3E", page.url()).href);
    await page.getByText("It cannot be shown").waitFor();
  });

  it("lists runs, newest first, live, by agent and state, page by page", async () => {
    const agent = deskAgent("desk_listed");
    const texts = Array.from({ length: 52 }, (_, n) => `listed ${n}`);
    // Nobody waits for the agent to be stored again and again.
    const [first] = await Promise.all([start(texts[0] ?? "", [{ text: "ok" }], { agent })]);
    const others = await Promise.all(texts.slice(1).map((text) => start(text, [{ text: "ok" }], { agent })));
    await Promise.all([first, ...others].map(ended));
    const page = await open("/runs?agent=desk_listed");
    await page.getByRole("status").filter({ hasText: "50 and more" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Show older runs" }).click();
    await page.getByRole("status").filter({ hasText: /^52$/ }).waitFor();
    await page.locator(".row").first().focus();
    await page.keyboard.press("End");
    await page.locator(`.row[data-row="51"][href="/runs/${first.runId}"]`).waitFor();
    expect(await page.locator(".row").count()).toBeLessThan(40);
    await page.keyboard.press("Home");

    const waiting = await start("listed and waits", [call("refund", { order_id: "ORD-l", amount: 1 })], { agent });
    await theApproval(waiting);
    // The agent's queue has no worker for what is not gated.
    const blocked = await start("listed and blocked", [call("get_order")], { agent });
    await rows(page, waiting.runId).waitFor();
    await rows(page, blocked.runId).filter({ hasText: "get_order: no connected worker serves it" }).waitFor();
    await page.getByLabel("State").selectOption("Waits for people");
    await page.getByRole("status").filter({ hasText: /^1$/ }).waitFor();
    expect(new URL(page.url()).search).toBe("?agent=desk_listed&state=waiting");
    await page.reload();
    await page.locator("main").focus();
    await page.locator(".row").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await stateOf(page, "Waits for people").waitFor();
    await page.keyboard.press("u");
    await page.getByLabel("The id of a run").fill(` ${blocked.runId} `);
    await page.keyboard.press("Enter");
    await page.getByText("Calls that cannot begin").waitFor();
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByLabel("Agent").fill("nobody");
    await page.getByText("No run fits these filters.").waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.locator(".row").first().waitFor();
    await page.setViewportSize({ width: 360, height: 640 });
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
    await Promise.all([waiting, blocked].map(({ handle }) => handle.cancel("done with it")));
  });

  it("says why the list cannot be shown, and shows it when it can", async () => {
    const page = await open("/");
    await page.route("**/ListRuns", (route) => route.abort());
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "The runs cannot be shown" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".row").first().waitFor();
  });
}
