import { createServer, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Machine, type ServerCommand } from "./command.js";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.close());

/** On ports that no other test has. */
const FREE = ["--port", "0", "--nats-port", "0"];
const QUESTION = /Approve\? \(y\/n\): $/;
const ARGUMENTS =
  /--- Approval required ---\r?\nAgent wants to call: process_refund\r?\n {2}amount {4}29\.99\r?\n {2}order_id {2}"ORD-8821"\r?\n/;

describe("without a terminal", () => {
  it("says what it needs and ends with 2 before anything is started", async () => {
    const { code, shown } = await machine.ask("demo", ...FREE);
    expect(code).toBe(2);
    expect(shown).toBe(
      'The demo asks a person to approve, and there is no terminal to ask in. Add --approve, or --reject "a reason".\n',
    );
    expect(machine.left()).toEqual([]);
  });

  it("pays with --approve, and tells the run's history and how to go on", async () => {
    const command = machine.run("demo", "--approve", ...FREE);
    expect(await command.exit).toBe(0);
    const { shown } = command;
    expect(shown).toMatch(/^Agentspan demo: a refund that waits for your approval\n/);
    expect(shown).toContain("Model   demo/refund (scripted, no real model: set OPENAI_API_KEY");
    expect(shown).toMatch(ARGUMENTS);
    expect(shown).toContain("Result: Alex, your refund of $29.99 for order ORD-8821 has been processed.");
    const events = [...shown.matchAll(/^ +(\d+) {2}\d\d:\d\d:\d\d\.\d{3} {2}(\w+)/gm)].map(
      ([, n, type]) => `${n} ${type}`,
    );
    expect(events[0]).toBe("1 run_started");
    expect(events.map((line) => Number.parseInt(line, 10))).toEqual(events.map((_, i) => i + 1));
    expect(events.filter((line) => line.endsWith(" waiting"))).toHaveLength(1);
    expect(events.at(-1)).toMatch(/ done$/);
    expect(shown).toMatch(/\nGo on:\n {2}agentspan server start +a server on the same data/);
    expect(shown).not.toContain("\u001b");
    await machine.nothingLeft();
  });
});

describe("on a terminal", () => {
  it("pays for y", async () => {
    const command = machine.runOnTerminal("demo", ...FREE);
    await command.shows(QUESTION);
    expect(command.shown).toMatch(ARGUMENTS);
    expect(command.shown).not.toContain("process_refund: {");
    command.type("y\r");
    expect(await command.exit).toBe(0);
    expect(command.shown).toMatch(
      /Approved\. Waiting for the agent to complete\.\.\.\r\n {2}<- process_refund: \{"refunded":true/,
    );
    expect(command.shown).toContain("Result: Alex, your refund of $29.99");
    await machine.nothingLeft();
  });

  it("leaves nothing running at Ctrl-C, and the run is found again", async () => {
    const command = machine.runOnTerminal("demo", ...FREE);
    await command.shows(QUESTION);
    command.type("\u0003");
    expect(await command.exit).toBe(130);
    expect(command.shown).toContain("Stopped: nothing is left running.");
    const [, runId = ""] = await command.shows(/The run is kept\. Go on with: agentspan demo --run (run_\w+)/);
    await machine.nothingLeft();

    const again = machine.run("demo", "--run", runId, "--approve", ...FREE);
    expect(await again.exit).toBe(0);
    expect(again.shown).toMatch(ARGUMENTS);
    expect(again.shown).toContain("Result: Alex, your refund of $29.99");
  });

  it("leaves nothing running when the terminal is closed, and the next demo says how to go on", async () => {
    const command = machine.runOnTerminal("demo", ...FREE);
    await command.shows(QUESTION);
    const [, runId = ""] = await command.shows(/agentspan demo --run (run_\w+)/);
    command.kill("SIGKILL"); // The terminal, not the demo.
    await command.exit;
    await machine.nothingLeft();
    const next = machine.run("demo", "--approve", ...FREE);
    await next.exit;
    expect(next.shown).toContain(`Note    an earlier demo still waits: agentspan demo --run ${runId}`);
  });

  it("stops at Ctrl-C while it is still starting", async () => {
    const command = machine.runOnTerminal("demo", ...FREE);
    await command.shows(/Server {2}starting/);
    command.type("\u0003");
    expect(await command.exit).toBe(130);
    expect(command.shown).not.toMatch(/\n\s+at /);
    await machine.nothingLeft();
  });
});

describe("on a server that runs already", () => {
  let shared: Machine;
  let server: ServerCommand;
  beforeAll(async () => {
    shared = new Machine();
    server = await shared.server();
  });
  afterAll(() => shared.close());

  it("uses it, and leaves it running", async () => {
    const { code, shown } = await shared.ask("demo", "--approve");
    expect(code).toBe(0);
    expect(shown).toContain(`Server  ${server.url} runs on ${shared.dataDir} already: using it`);
    const list = await shared.ask("runs", "list", "--url", server.url);
    expect(list.shown).toMatch(/COMPLETED +refund_agent/);
  });

  it("uses the one that AGENTSPAN_SERVER_URL names, though its data is elsewhere", async () => {
    const natsUrl = /export AGENTSPAN_NATS_URL=(\S+)/.exec(server.shown)?.[1] ?? "";
    Object.assign(machine.env, { AGENTSPAN_SERVER_URL: server.url, AGENTSPAN_NATS_URL: natsUrl });
    const { code, shown } = await machine.ask("demo", "--approve");
    expect(shown).toContain(`Server  ${server.url}, which AGENTSPAN_SERVER_URL names: using it`);
    expect(code).toBe(0);
    await machine.nothingLeft();
  });

  it("says where AGENTSPAN_SERVER_URL names none", async () => {
    Object.assign(machine.env, { AGENTSPAN_SERVER_URL: "http://127.0.0.1:1" });
    const { code, shown } = await machine.ask("demo", "--approve");
    expect(code).toBe(1);
    expect(shown).toContain("AGENTSPAN_SERVER_URL names http://127.0.0.1:1, where no Agentspan server answers.");
    await machine.nothingLeft();
  });

  it("names the port that it was told to take and cannot have, where the server runs on other data", async () => {
    const { code, shown } = await machine.ask("demo", "--approve", "--port", String(new URL(server.url).port));
    expect(code).toBe(1);
    expect(shown).toContain("is taken by another Agentspan server. Stop it, or choose another port with --port.");
    await machine.nothingLeft();
  });

  it("does not pay with --reject, and shows what the agent makes of the reason", async () => {
    const { code, shown } = await shared.ask("demo", "--reject", "too expensive");
    expect(code).toBe(0);
    expect(shown).toContain("<- process_refund: rejected: too expensive");
    expect(shown).toMatch(/Result: .*not approved\. The reason given was: too expensive\./);
    expect(shown).not.toMatch(/tool_started +process_refund/);
  });

  it("asks for the reason for n and passes it on", async () => {
    const command = shared.runOnTerminal("demo");
    await command.shows(QUESTION);
    command.type("n\r");
    await command.shows(/Rejection reason: $/);
    command.type("über budget\r");
    expect(await command.exit).toBe(0);
    expect(command.shown).toContain("The reason given was: über budget.");
  });

  it("tells of a decision that somebody else took meanwhile, and goes on", async () => {
    const command = shared.runOnTerminal("demo");
    await command.shows(QUESTION);
    const [, runId = ""] = await command.shows(/Run {5}(run_\w+)/);
    const { code } = await shared.ask("reject", runId, "--reason", "not today", "--url", server.url);
    expect(code).toBe(0);
    expect(await command.exit).toBe(0);
    expect(command.shown).toContain("The reason given was: not today.");
  });
});

describe("with a key", () => {
  let openai: Server;
  let calls: number;
  beforeEach(async () => {
    calls = 0;
    openai = createServer((_request, response) => {
      calls += 1;
      response.writeHead(401, { "content-type": "application/json" });
      response.end('{"error":{"message":"Incorrect API key provided: sk-wrong.","code":"invalid_api_key"}}');
    });
    await new Promise<void>((resolve) => openai.listen(0, "127.0.0.1", resolve));
    const address = openai.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    Object.assign(machine.env, { OPENAI_API_KEY: "sk-wrong-key-123", OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
  });
  afterEach(() => new Promise((resolve) => openai.close(resolve)));

  it("that the provider refuses, ends with the run's own words and leaves nothing", async () => {
    const { code, shown } = await machine.ask("demo", "--approve", ...FREE);
    expect(code).toBe(1);
    expect(calls).toBe(1);
    expect(shown).toContain("Model   openai/gpt-4o-mini (OPENAI_API_KEY found)");
    expect(shown).toContain(
      "The run ended as FAILED: MODEL_FAILED: openai does not accept the API key in OPENAI_API_KEY (401).",
    );
    expect(shown).not.toContain("sk-wrong");
    await machine.nothingLeft();
  });
});
