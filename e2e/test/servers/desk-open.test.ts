// The desk while authentication is off, in a real browser: on one's own machine, where other pages are open too.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../src/index.js";
import { findBrowser } from "../desk-browser.js";
import { openApproval, pressIn, rows, withBrowser } from "../desk-page.js";
import { call, ended, startRun, theApproval } from "../desk-run.js";
import { agentWith, begunIn } from "../policy-desk.js";
import { fleetScenarios } from "../scenarios/desk-fleet.js";
import { longRunScenarios } from "../scenarios/desk-long-run.js";
import { runPageScenarios } from "../scenarios/desk-runs.js";
import { withStack } from "../stack-fixture.js";

const browser = await findBrowser();

describe.skipIf("missing" in browser)("the desk without authentication", () => {
  const stack = withStack();
  const desks = withBrowser(browser);
  afterEach(async () => {
    await desks.leave();
    expect(desks.takeTroubles()).toEqual([]);
  });

  const desk = (): Promise<Page> => desks.open(stack.current.gateway().url);

  async function waiting(name: string, ...args: Parameters<typeof call>) {
    const run = await startRun(stack.current, name, [call(...args), { text: "ok" }]);
    const { approvalId, argumentsDigest } = await theApproval(run);
    return { ...run, approvalId, argumentsDigest };
  }

  it("asks nobody to sign in, and decides for whoever they say they are", async () => {
    const agent = agentWith("desk_named", { get_order: { approvers: { users: ["maria"] } } });
    const run = await startRun(stack.current, "named", [call("get_order", { n: 1 }), { text: "ok" }], { agent });
    const { approvalId } = await theApproval(run);
    const page = await desk();
    await openApproval(page, { runId: run.runId, approvalId });
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("alert").filter({ hasText: "You may not decide this" }).waitFor();
    await page.getByLabel("Your name, for what you decide").fill("maria");
    await page.getByRole("button", { name: "Decide again" }).click();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved. The call runs now.").waitFor();
    await ended(run);
    const { approval } = await stack.current.rpc().approvals.getApproval({ runId: run.runId, approvalId });
    expect(approval?.decision?.onBehalfOf).toBe("maria");
  });

  it("says of what nobody decided in time that it is over", async () => {
    const agent = agentWith("desk_expiring", { get_order: { expiresIn: "1s" } });
    const run = await startRun(stack.current, "expiring", [call("get_order", { n: 1 }), { text: "ok" }], { agent });
    const { approvalId } = await theApproval(run);
    await ended(run);
    const page = await desk();
    await openApproval(page, { runId: run.runId, approvalId });
    await page.getByText("This is not open any more").waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
  });

  it("keeps a long list quick: only the rows in sight are in the page, and each is within reach", async () => {
    const calls = Array.from({ length: 120 }, (_, n) => ({
      tool: "refund",
      args: { order_id: `ORD-list-${n}`, amount: n },
    }));
    const run = await startRun(stack.current, "a long list", [{ calls }, { text: "ok" }]);
    await until("all wait", async () => (await run.handle.getStatus()).pendingApprovals.length === calls.length);
    const page = await desk();
    await page.getByRole("status").filter({ hasText: "120" }).waitFor();
    // How many wait is known before all of them have come.
    await page.locator('li[aria-posinset="1"][aria-setsize="120"]').waitFor();
    expect(await page.locator(".row").count()).toBeLessThan(40);
    await pressIn(page.locator(".row"), "End", page.locator('.row[data-row="119"]'));
    expect(await page.locator('li[aria-posinset="120"][aria-setsize="120"]').count()).toBe(1);
    await page.getByLabel("Search").fill("ORD-list-77");
    await page.getByText("1 of 120").waitFor();
    await rows(page, "ORD-list-77").waitFor();
    await run.handle.cancel("done with it");
    await page.getByText("Nothing waits for anybody.").waitFor();
  });

  it("shows the first of what waits before the watch has said a word", async () => {
    const { runId, handle } = await waiting("at once", "refund", { order_id: "ORD-at-once", amount: 1 });
    const page = await desks.open("about:blank");
    // As if it took for ever: the request is neither answered nor refused.
    await page.route("**/WatchApprovals", () => undefined);
    await page.goto(stack.current.gateway().url);
    await rows(page, "ORD-at-once").waitFor();
    await page.unroute("**/WatchApprovals");
    await page.reload();
    await page.locator(`.row[href*="${runId}"]`).waitFor();
    await handle.cancel("done with it");
    await page.getByText("Nothing waits for anybody.").waitFor();
  });

  // Before those in which a worker dies: it is told of for an hour.
  describe("agents and workers", () => fleetScenarios({ stack: () => stack.current, desks }));

  describe("runs", () => {
    const of = { stack: () => stack.current, desks };
    runPageScenarios(of);
    longRunScenarios(of);
  });

  describe("beside a page of another origin", () => {
    let server: Server;
    beforeAll(async () => {
      server = createServer((_request, response) => {
        response
          .writeHead(200, { "content-type": "text/html" })
          .end("<!doctype html><title>other</title><iframe></iframe>");
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    it("neither lends it its rights nor lets itself be shown in it", async () => {
      const run = await waiting("beside", "refund", { order_id: "ORD-beside", amount: 1 });
      const { port } = server.address() as AddressInfo;
      // A name of this machine that is none of the server's own.
      const page = await desks.open(`http://other.localhost:${port}/`);
      const approve = `${stack.current.gateway().url}/agentspan.v1.RunService/Approve`;
      const body = JSON.stringify({
        runId: run.runId,
        approvalId: run.approvalId,
        argumentsDigest: run.argumentsDigest,
      });
      const tried = await page.evaluate(`(async () => {
        const ask = (options) => fetch(${JSON.stringify(approve)}, { method: "POST", body: ${JSON.stringify(body)}, ...options })
          .then((answer) => answer.type + " " + answer.status, () => "refused");
        return Promise.all([
          ask({ headers: { "content-type": "application/json" } }),
          ask({ mode: "no-cors" }),
          ask({ mode: "no-cors", headers: { "content-type": "text/plain" } }),
        ]);
      })()`);
      expect(tried).toEqual(["refused", "opaque 0", "opaque 0"]);
      // A form can carry JSON as the name of a field.
      await page.evaluate(`(() => {
        const form = document.body.appendChild(document.createElement("form"));
        Object.assign(form, { method: "POST", action: ${JSON.stringify(approve)}, enctype: "text/plain", target: "shown" });
        document.querySelector("iframe").name = "shown";
        form.appendChild(Object.assign(document.createElement("input"), { name: ${JSON.stringify(body)}, value: "" }));
        form.submit();
      })()`);
      await page.evaluate(`document.querySelector("iframe").src = ${JSON.stringify(stack.current.gateway().url)}`);
      await until("the browser refuses to show it", () =>
        desks.takeTroubles().some((text) => text.includes("frame-ancestors 'none'")),
      );
      expect((await theApproval(run)).approvalId).toBe(run.approvalId);
      expect(begunIn(stack.current, run.runId)).toBe(0);
      desks.takeTroubles();
      await run.handle.cancel("done with it");
    });
  });
});
