import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunService } from "@agentspan/proto";
import { Agent, AgentRuntime, tool } from "@agentspan/sdk";
import { eventually } from "@agentspan/servers/eventually";
import { refundAgent } from "@agentspan/worker-refund";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BIN, Machine, type ServerCommand } from "./command.js";

let machine: Machine;
let server: ServerCommand;
let url: string;
let runtime: AgentRuntime;
beforeAll(async () => {
  machine = new Machine();
  server = await machine.server();
  url = server.url;
  runtime = new AgentRuntime({ url, natsUrl: server.natsUrl, grace: "1s" });
});
afterAll(async () => {
  await runtime.shutdown();
  await machine.close();
});

/** A run that waits for somebody to approve a refund. */
async function waitingRun(name = refundAgent.name, worker = runtime): Promise<{ runId: string; approvalId: string }> {
  const agent = new Agent({ name, model: "demo/refund", tools: refundAgent.tools });
  const handle = await worker.start(agent, "Refund ORD-8821 of cust_001");
  const approval = await eventually(async () => {
    const [open] = (await handle.getStatus()).pendingApprovals;
    if (open === undefined) throw new Error("It does not wait yet.");
    return open;
  });
  return { runId: handle.runId, approvalId: approval.approvalId };
}

const ask = (...args: string[]) => machine.ask(...args, "--url", url);

describe("the process that answers questions in these tests", () => {
  it("answers as a process for each does, whatever was asked before and in whichever environment", async () => {
    const { runId } = await waitingRun("asked_twice");
    const here = { AGENTSPAN_SERVER_URL: url };
    for (const [set, ...args] of [
      [here, "runs", "list", "--agent", "asked_twice"],
      [here, "runs", "show", runId, "--json"],
      [here, "runs", "show", "run_nowhere"],
      [{ AGENTSPAN_PROFILE: "nobody" }, "runs", "list"],
      [here, "runs", "list", "--limit", "many"],
    ] as const) {
      Object.assign(machine.env, set);
      const [warm, anew] = [await machine.askWarm(...args), await machine.askAnew(...args)];
      for (const name of Object.keys(set)) delete machine.env[name];
      expect(warm, args.join(" ")).toEqual(anew);
    }
    await runtime.handle(runId).cancel("seen");
  });
});

describe("a link to an approval", () => {
  it("is shown with whom it is for and until when, or as JSON, and leads to the page of what waits", async () => {
    const { runId, approvalId } = await waitingRun("linked_agent");
    const [made, json, nobody, long, odd] = await Promise.all([
      ask("approvals", "link", runId, "--to", "maria", "--expires", "2h"),
      ask("approvals", "link", runId, approvalId, "--to", "maria", "--json"),
      ask("approvals", "link", runId),
      ask("approvals", "link", runId, "--to", "maria", "--expires", "40d"),
      ask("approvals", "link", runId, "--to", "m\u0430ria"),
    ]);
    expect(made).toMatchObject({
      code: 0,
      shown: expect.stringMatching(/^For maria, to decide process_refund once \(lnk_/),
    });
    const { url: address = "", approvalId: named } = JSON.parse(json.shown) as Record<string, string>;
    expect(named).toBe(approvalId);
    expect(address.startsWith(`${url}/decide/`)).toBe(true);
    const page = await fetch(address);
    expect([page.status, (await page.text()).includes("May process_refund run?")]).toEqual([200, true]);
    expect(nobody).toMatchObject({ code: 2, shown: expect.stringContaining("--to <person>") });
    expect(odd.shown).toContain("has letters of Latin and Cyrillic in one word (\u0430 U+0430).");
    const oddPage = await fetch(/http\S+/.exec(odd.shown)?.[0] ?? "");
    expect(await oddPage.text()).toContain("has <bdi>letters of Latin and Cyrillic in one word</bdi>");
    expect(long).toMatchObject({ code: 2, shown: expect.stringContaining("at most 30 days") });
    await ask("runs", "cancel", runId);
  });
});

describe("runs", () => {
  it("list names state, agent and whether a person is waited for, the newest first", async () => {
    const older = await waitingRun("first_agent");
    const newer = await waitingRun("second_agent");
    const { code, shown } = await ask("runs", "list", "--limit", "2");
    expect(code).toBe(0);
    const [head, ...rows] = shown.trimEnd().split("\n");
    expect(head).toMatch(/^RUN +STATE +AGENT +STARTED +WAITS FOR$/);
    expect(rows[0]).toMatch(new RegExp(`^${newer.runId} +WAITING +second_agent +\\d{4}-\\d\\d-\\d\\d .* a person$`));
    expect(rows[1]).toContain(older.runId);
  });

  it("list takes states and agents, and gives JSON to programs", async () => {
    const { runId } = await waitingRun("third_agent");
    const { shown } = await ask("runs", "list", "--agent", "third_agent", "--state", "WAITING", "COMPLETED", "--json");
    expect(JSON.parse(shown)).toMatchObject([{ runId, state: "WAITING", agentName: "third_agent", isWaiting: true }]);
    expect((await ask("runs", "list", "--agent", "nobody")).shown).toBe("No runs.\n");
  });

  it("list says which tools no connected worker serves", async () => {
    const getOrder = tool(() => ({}), {
      name: "get_order",
      description: "Look up an order by ID.",
      inputSchema: { type: "object" },
      queue: "unmanned",
    });
    const agent = new Agent({ name: "unmanned_agent", model: "demo/refund", tools: [getOrder] });
    const source = { case: "agent", value: agent.definition } as const;
    const { runId } = await runtime.client.call(RunService.method.start, { source, input: "Refund ORD-8821" });
    await eventually(async () => expect((await runtime.handle(runId).getStatus()).blockedOn).toEqual(["get_order"]));
    const { shown } = await ask("runs", "list", "--agent", "unmanned_agent");
    expect(shown).toMatch(/ RUNNING .* no connected worker serves get_order$/m);
    await runtime.handle(runId).cancel("seen");
  });

  it("show has everything that must be known to decide, and the commands that do", async () => {
    const { runId, approvalId } = await waitingRun();
    const { shown } = await ask("runs", "show", runId);
    expect(shown).toContain(`Waits for a person: may process_refund run?  (${approvalId}, since `);
    expect(shown).toContain('  amount    29.99\n  order_id  "ORD-8821"\n');
    expect(shown).toContain(`  $ agentspan approve ${runId} ${approvalId}\n`);
    const status = JSON.parse((await ask("runs", "show", runId, "--json")).shown);
    expect(status).toMatchObject({
      runId,
      pendingApprovals: [{ approvalId, argumentsJson: `{"amount":29.99,"order_id":"ORD-8821"}` }],
    });
  });

  it("events gives those that are stored, and with --follow those that come until the end", async () => {
    const { runId } = await waitingRun();
    const stored = await ask("runs", "events", runId);
    expect(stored.code).toBe(0);
    expect(stored.shown.trimEnd().split("\n").at(-1)).toMatch(/ {2}waiting +apr_/);
    const following = machine.run("runs", "events", runId, "--follow", "--after", "3", "--json", "--url", url);
    await following.shows(/"type":"waiting"/);
    await runtime.handle(runId).approve();
    expect(await following.exit).toBe(0);
    const events = following.shown
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 4));
    expect(events.at(-1)).toMatchObject({ type: "done", runId });
  });

  it("events --follow ends at Ctrl-C without a word", async () => {
    const { runId } = await waitingRun();
    const following = machine.run("runs", "events", runId, "--follow", "--url", url);
    const [before] = await following.shows(/[\s\S]*waiting[^\n]*\n/);
    following.kill("SIGINT");
    expect(await following.exit).toBe(130);
    expect(following.shown).toBe(before);
  });

  it("tail begins with the last events, follows to the end, and ends as the run did", async () => {
    const { runId } = await waitingRun();
    const tail = machine.run("runs", "tail", runId, "-n", "1", "--url", url);
    await tail.shows(/waiting +apr_/);
    await runtime.handle(runId).approve();
    expect(await tail.exit).toBe(0);
    expect(tail.shown).toMatch(/^ +\d+ +\S+ +waiting .*\n[\s\S]* done .* has been processed\.\n$/);

    const other = await waitingRun();
    const cancelled = machine.run("runs", "tail", other.runId, "-n", "1", "--json", "--url", url);
    await cancelled.shows(/"type":"waiting"/);
    const cancel = await ask("runs", "cancel", other.runId, "--reason", "duplicate", "--json");
    expect(JSON.parse(cancel.shown)).toMatchObject({ runId: other.runId, state: "CANCELLED" });
    expect(await cancelled.exit).toBe(5);
    const lines = cancelled.shown.trimEnd().split("\n");
    const events = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ type: "cancelled", reason: "duplicate" });
    expect(lines).toContain(`Run ${other.runId} ended as CANCELLED.`);
  });

  it("tail ends in silence where nobody reads it any more", async () => {
    const { runId } = await waitingRun();
    const script = `set -o pipefail; "$0" "$@" | head -1`;
    const command = ["-c", script, process.execPath, BIN, "runs", "tail", runId, "-n", "99", "--url", url];
    const piped = machine.start("bash", command);
    await piped.shows(/run_started/);
    await runtime.handle(runId).approve();
    expect(await piped.exit).toBe(0);
    expect(piped.shown.trimEnd().split("\n")).toHaveLength(1);
  });

  it("cancel ends a run that waits", async () => {
    const { runId } = await waitingRun();
    expect(await ask("runs", "cancel", runId, "--reason", "duplicate")).toEqual({
      code: 0,
      shown: `Cancelled ${runId}.\n`,
    });
    expect((await ask("runs", "show", runId)).shown).toMatch(/State +CANCELLED/);
  });

  it("that are not there are named in a sentence", async () => {
    for (const args of [["show"], ["events"], ["cancel"]]) {
      const { code, shown } = await ask("runs", ...args, "run_nowhere");
      expect(code).toBe(1);
      expect(shown).toMatch(/^There is no run run_nowhere\.[^\n]*\n$/);
    }
  });
});

describe("approvals list", () => {
  it("shows each with all its arguments and the commands that decide", async () => {
    const { runId, approvalId } = await waitingRun("desk_agent");
    const { shown } = await ask("approvals", "list", "--agent", "desk_agent");
    expect(shown).toMatch(/^desk_agent: may process_refund run\? {2}\(since /);
    expect(shown).toContain(`  $ agentspan reject ${runId} ${approvalId} --reason "..."`);
    const { shown: json } = await ask("approvals", "list", "--run", runId, "--tool", "process_refund", "--json");
    expect(JSON.parse(json)).toMatchObject([{ approvalId, arguments: { amount: 29.99, order_id: "ORD-8821" } }]);
    expect((await ask("approvals", "list", "--tool", "nothing")).shown).toBe("Nothing waits for a person.\n");
    const mine = await ask("approvals", "list", "--agent", "desk_agent", "--mine");
    expect(mine.shown).toContain(`approve ${runId} ${approvalId}`);
    await waitingRun("desk_agent");
    const cut = await ask("approvals", "list", "--agent", "desk_agent", "--assignee", "zoe", "--limit", "1");
    expect(cut.shown).toMatch(/\n1 of 2\. There are more\. /);
  });
});

describe("approvals show", () => {
  it("has all of an open one, and afterwards who decided what", async () => {
    const { runId, approvalId } = await waitingRun();
    const open = await ask("approvals", "show", runId);
    expect(open.shown).toMatch(new RegExp(`^Approval +${approvalId}\nState +open\n`));
    expect(open.shown).toContain('  amount    29.99\n  order_id  "ORD-8821"\n');
    expect(open.shown).toContain(`  $ agentspan approve ${runId} ${approvalId}\n`);
    const answer = await ask("reject", runId, approvalId, "--reason", "too expensive", "--json");
    expect(JSON.parse(answer.shown)).toMatchObject({
      decision: { outcome: "REJECTED", comment: "too expensive" },
      ...{ closed: true, votesMissing: 0, repeated: false },
    });
    const late = await ask("respond", runId, approvalId, "--answer", '"yes"');
    expect(late).toMatchObject({
      code: 1,
      shown: expect.stringMatching(
        /rejected by anonymous already\. That was at \d{4}-[\s\S]*\n {2}agentspan approvals show /,
      ),
    });
    const closed = await ask("approvals", "show", runId, approvalId);
    expect(closed.shown).toMatch(/^State +REJECTED by anonymous, /m);
    expect(closed.shown).not.toContain("$ agentspan");
    const { shown } = await ask("approvals", "show", runId, approvalId, "--json");
    expect(JSON.parse(shown)).toMatchObject({ approvalId, open: false, decision: { outcome: "REJECTED" } });
    const none = await ask("approvals", "show", runId);
    expect(none).toMatchObject({ code: 1, shown: expect.stringContaining("waits for no person") });
  });
});

describe("decisions", () => {
  it("approve shows what it approves and lets it run", async () => {
    const { runId, approvalId } = await waitingRun();
    const { code, shown } = await ask("approve", runId, approvalId, "--comment", "checked");
    expect(code).toBe(0);
    expect(shown).toMatch(/^refund_agent: may process_refund run\?\n {2}amount {4}29\.99\n[\s\S]*Approved\.\n/);
    const result = await runtime.handle(runId).result();
    expect(result.output.result).toContain("has been processed");
    const { shown: events } = await ask("runs", "events", runId);
    expect(events).toMatch(/decided +APPROVED by \S+: checked/);
  });

  it("approve lets it run with other arguments, and shows what is other", async () => {
    const { runId, approvalId } = await waitingRun();
    const edit = ["--arguments", '{"amount":9.5,"order_id":"ORD-8821"}'];
    const { code, shown } = await ask("approve", runId, approvalId, ...edit);
    expect(code).toBe(0);
    expect(shown).toContain("why it waits: The agent's definition requires approval.\n");
    expect(shown).toContain('    -   "amount": 29.99,\n    +   "amount": 9.5,\n');
    expect((await runtime.handle(runId).result()).isSuccess).toBe(true);
    expect((await ask("runs", "events", runId)).shown).toContain("APPROVED by");
  });

  it("approve says where no worker takes the call", async () => {
    const worker = new AgentRuntime({ url, natsUrl: server.natsUrl, grace: "1s" });
    const { runId } = await waitingRun("left_agent", worker);
    await worker.shutdown();
    const { code, shown } = await ask("approve", runId);
    expect(code).toBe(0);
    expect(shown).toMatch(
      /Approved\.\n(No worker has taken it yet: it waits for one that|It waits: no connected worker) serves process_refund/,
    );
  });

  it("reject passes the reason on, and the run goes on", async () => {
    const { runId } = await waitingRun();
    expect((await ask("reject", runId, "--reason", "too expensive")).code).toBe(0);
    const result = await runtime.handle(runId).result();
    expect(result.output.result).toContain("The reason given was: too expensive");
  });

  it("about nothing, or about something that is not there, is refused with a sentence", async () => {
    const { runId } = await waitingRun();
    const nope = await ask("approve", runId, "apr_nope");
    expect(nope).toEqual({ code: 1, shown: `Run ${runId} has no approval apr_nope.\n` });
    expect((await ask("settle", runId, "--happened")).code).toBe(1);
    await ask("reject", runId, "--reason", "no");
    await runtime.handle(runId).result();
    const late = await ask("approve", runId);
    expect(late.code).toBe(1);
    expect(late.shown).toContain(runId);
    expect(late.shown).not.toMatch(/\n\s+at /);
  });
});

describe("audit", () => {
  it("export has who decided, and verify finds what was changed in it", async () => {
    const { runId, approvalId } = await waitingRun();
    await ask("reject", runId, approvalId, "--reason", "too expensive");
    await runtime.handle(runId).result();
    const file = join(machine.dataDir, "audit.jsonl");
    const exported = await ask("audit", "export", "--run", runId, "--out", file);
    expect(exported).toMatchObject({ code: 0, shown: expect.stringMatching(/^Wrote \d+ entries to /) });
    const text = readFileSync(file, "utf8");
    expect(text).toContain('"outcome":"rejected"');
    expect((await ask("audit", "export", "--run", runId)).shown).toBe(text);
    const verify = ["audit", "verify", file, "--trusted-keys", join(machine.dataDir, "keys", "trusted-keys.json")];
    expect(await machine.ask(...verify)).toMatchObject({
      code: 0,
      shown: expect.stringMatching(/^As it was written: /),
    });
    writeFileSync(file, text.replace("too expensive", "too cheap"));
    const found = await machine.ask(...verify);
    expect(found).toMatchObject({ code: 1, shown: expect.stringContaining("is not that of what it says") });
  });
});
