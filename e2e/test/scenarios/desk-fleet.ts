// Whoever looks at agents and workers on the desk, in a real browser.
import { newId } from "@agentspan/internal";
import { Agent, agentTool, humanTool, tool } from "@agentspan/sdk";
import { expect, it } from "vitest";
import { z } from "zod";
import { MODEL, until } from "../../src/index.js";
import { barriers } from "../desk-page.js";
import { call, startRun } from "../desk-run.js";
import { agentWith } from "../policy-desk.js";
import type { DeskOf } from "./desk-runs.js";

export function fleetScenarios({ stack, desks }: DeskOf): void {
  const open = (path: string) => desks.open(new URL(path, stack().gateway().url).href);
  const fits = "document.documentElement.scrollWidth <= window.innerWidth";

  it("shows agents with what they are, their versions and what is other in them, and their runs", async () => {
    const name = `shown_${newId("a").slice(-6)}`;
    const rule = { rule: "args.amount > 100" };
    const pay = (description: string) =>
      tool(async () => ({}), {
        name: "pay",
        description,
        inputSchema: z.object({ amount: z.number() }),
        approval: rule,
      });
    const ask = humanTool({ name: "ask", description: "Asks.", answer: z.object({ size: z.string() }) });
    const helper = agentTool(agentWith("desk_helper", {}), { description: "Helps." });
    const version = (instructions: string, about: string) =>
      new Agent({ name, model: MODEL, instructions, tools: [pay(about), ask, helper] });
    const steps = [{ text: "ok" }];
    await startRun(stack(), `${name} one`, steps, { agent: version("Be brief.", "Pays.") });
    const second = version("Be \u202Ekind <b>and</b> brief.", "Pays back.");
    const run = await startRun(stack(), `${name} two`, steps, { agent: second });

    const page = await open("/");
    await page.getByRole("link", { name: "Agents", exact: true }).click();
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    await page.getByText("U+202E").first().waitFor();
    await page.getByText("kind <b>and</b> brief.").first().waitFor();
    const paying = page.getByRole("region", { name: "Tool pay" });
    await paying.getByText("A person approves calls for which this holds: args.amount > 100").waitFor();
    await paying.getByText("Arguments of pay").click();
    await paying.getByText("amount", { exact: true }).first().waitFor();
    await page.getByRole("region", { name: "Tool ask" }).getByText("A person answers each call.").waitFor();
    await page.getByRole("link", { name: "desk_helper" }).waitFor();
    expect(await barriers(page)).toEqual([]);

    await page.getByLabel("Compared with").selectOption({ index: 1 });
    const other = page.getByRole("region", { name: "What is other" });
    await other.getByRole("row").filter({ hasText: "instructions" }).filter({ hasText: "Be brief." }).waitFor();
    await other
      .getByRole("row")
      .filter({ hasText: "tools.pay.description" })
      .filter({ hasText: "Pays back." })
      .waitFor();
    expect(await other.getByRole("row").count()).toBe(3);
    expect(await barriers(page)).toEqual([]);
    await page.reload();
    await other.getByText("instructions").waitFor();

    await page.getByRole("link", { name: "Runs of it" }).click();
    await page.locator(`.row[href*="${run.runId}"]`).click();
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    expect(new URL(page.url()).searchParams.get("version")).toMatch(/^[0-9a-f]{64}$/);

    const nobody = await open("/agents/nobody");
    await nobody.getByRole("alert").filter({ hasText: "There is no agent nobody" }).waitFor();
    expect(await barriers(nobody)).toEqual([]);
  });

  it("shows workers with what they serve, and tools that nobody serves with the runs that wait for them", async () => {
    const name = `unserved_${newId("a").slice(-6)}`;
    const pay = tool(async () => ({}), { name: "pay_nobody", description: "Pays.", inputSchema: z.object({}) });
    const agent = new Agent({ name, model: MODEL, tools: [pay] });
    const run = await startRun(stack(), name, [call("pay_nobody", {}), { text: "ok" }], { agent });
    await until("it waits for a worker", async () => (await run.handle.getStatus()).blockedOn.includes("pay_nobody"));

    const page = await open("/");
    await page.getByRole("link", { name: "Workers", exact: true }).click();
    const alert = page.getByRole("alert").filter({ hasText: "Nobody serves" });
    const line = alert.getByRole("listitem").filter({ hasText: `${name}/pay_nobody` });
    await line.getByRole("link", { name: run.runId }).waitFor();
    const processes = page.getByRole("region", { name: "Processes of the last hour" });
    // Tests before may have restarted it: then its earlier processes are listed too.
    const live = page.getByText("Live", { exact: true });
    const worker = processes.getByRole("row").filter({ hasText: "worker-1" }).filter({ has: live });
    await worker.waitFor();
    await worker.getByText("typescript").waitFor();
    await worker.getByText("desk/refund").first().waitFor();
    const tools = page.getByRole("region", { name: "Tools" });
    await tools.getByRole("row").filter({ hasText: "desk/refund" }).getByText("worker-1").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Use dark colours" }).click();
    await page.setViewportSize({ width: 360, height: 640 });
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate(fits)).toBe(true);

    const [service] = stack().workers;
    await service?.kill();
    await worker.waitFor({ state: "detached" });
    await processes
      .getByText(/^Silent for/)
      .first()
      .waitFor();
    await alert.getByRole("listitem").filter({ hasText: "desk/refund" }).waitFor();
    await service?.restart();
    await worker.waitFor();
    await alert.getByRole("listitem").filter({ hasText: "desk/refund" }).waitFor({ state: "detached" });
    await run.handle.cancel("done with it");

    await page.route("**/ListWorkers", (route) => route.abort());
    await page.getByRole("alert").filter({ hasText: "What is shown may be old" }).waitFor();
    await page.unroute("**/ListWorkers");
    await page.getByRole("alert").filter({ hasText: "What is shown may be old" }).waitFor({ state: "detached" });
  });
}
