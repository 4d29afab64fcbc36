// The inbox in a real terminal, and where there is none.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Agent, AgentRuntime } from "@agentspan/sdk";
import { eventually } from "@agentspan/servers/eventually";
import { refundAgent } from "@agentspan/worker-refund";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Command, Machine, type ServerCommand } from "./command.js";

let machine: Machine;
let server: ServerCommand;
let runtime: AgentRuntime;
const inboxes: Command[] = [];
beforeAll(async () => {
  machine = new Machine();
  server = await machine.server();
  runtime = new AgentRuntime({ url: server.url, natsUrl: server.natsUrl, grace: "1s" });
});
afterEach(async () => {
  for (const inbox of inboxes.splice(0)) {
    inbox.kill("SIGTERM");
    await inbox.exit;
  }
});
afterAll(async () => {
  await runtime.shutdown();
  await machine.close();
});

const DOWN = "\u001b[B";
const ESCAPE = "\u001b";

/** A run that waits for somebody to approve a refund, of an agent that no other test has. */
async function waitingRun(name: string): Promise<string> {
  const agent = new Agent({ name, model: "demo/refund", tools: refundAgent.tools });
  const handle = await runtime.start(agent, "Refund ORD-8821 of cust_001");
  await eventually(async () => expect((await handle.getStatus()).isWaiting).toBe(true));
  return handle.runId;
}

function open(agent: string, url = server.url): Command {
  const inbox = machine.runOnTerminal("approvals", "watch", "--agent", agent, "--url", url);
  inboxes.push(inbox);
  return inbox;
}

/** It has given the terminal back, in the mode and on the screen that it had. */
function expectGivenBack(inbox: Command): void {
  expect(inbox.shown.lastIndexOf("\u001b[?1049l")).toBeGreaterThan(inbox.shown.lastIndexOf("\u001b[?1049h"));
  expect(inbox.shown.lastIndexOf("\u001b[?25h")).toBeGreaterThan(inbox.shown.lastIndexOf("\u001b[?25l"));
  expect(inbox.shown).not.toContain("another mode");
}

describe("approvals watch in a terminal", () => {
  it("shows what comes, all of one, and approves and rejects it by keys", async () => {
    const inbox = open("watched_agent");
    await inbox.shows(/Nothing waits for a person \| live \| http/);
    const first = await waitingRun("watched_agent");
    await inbox.shows(/1 waits for a person[\s\S]*> .*watched_agent: may process_refund run\?/);
    inbox.type("\r");
    await inbox.shows(/ {2}amount {4}29\.99|amount {4}29\.99[\s\S]*a: approve/);
    inbox.type("a");
    await inbox.shows(/Approve\. A comment, or none:/);
    inbox.type("checked\r");
    await inbox.shows(/Approved\.[\s\S]*any key: back/);
    expect((await runtime.handle(first).result()).isSuccess).toBe(true);
    expect((await machine.ask("runs", "events", first, "--url", server.url)).shown).toMatch(/decided .*: checked/);

    const second = await waitingRun("watched_agent");
    inbox.type(" ");
    await inbox.shows(/any key: back[\s\S]*1 waits for a person/);
    inbox.type("\r");
    await inbox.shows(new RegExp(`of ${second}`));
    inbox.type("r\r");
    await inbox.shows(/Say why: the model is told/);
    inbox.type("too expensive\r");
    await inbox.shows(/Rejected\. The model is told/);
    const { output } = await runtime.handle(second).result();
    expect(output.result).toContain("The reason given was: too expensive");
    inbox.type("xq");
    expect(await inbox.exit).toBe(0);
    expectGivenBack(inbox);
  });

  it("lets it run with other arguments, and confirms nothing that was only pasted", async () => {
    const runId = await waitingRun("edited_agent");
    const inbox = open("edited_agent");
    await inbox.shows(/1 waits/);
    inbox.type("\r");
    await inbox.shows(/e: edit/);
    inbox.type("\u001b[200~a\r\u001b[201~");
    inbox.type("e\u0015");
    await inbox.shows(/Approve with these arguments, as JSON:/);
    inbox.type('\u001b[200~{"amount":9.5,\r"order_id":"ORD-8821"}\u001b[201~');
    await inbox.shows(/> \{"amount":9\.5, "order_id"/);
    expect((await runtime.handle(runId).getStatus()).isWaiting).toBe(true);
    inbox.type("\r");
    await inbox.shows(/Approved\./);
    expect((await runtime.handle(runId).result()).isSuccess).toBe(true);
    const { shown } = await machine.ask("runs", "events", runId, "--url", server.url);
    expect(shown).toContain("9.5");
  });

  it("says who was faster, also while a reason is typed", async () => {
    const runId = await waitingRun("faster_agent");
    const inbox = open("faster_agent");
    await inbox.shows(/1 waits/);
    inbox.type("\r");
    await inbox.shows(/r: reject/);
    inbox.type("rno");
    await inbox.shows(/> no_/);
    await runtime.handle(runId).approve();
    await inbox.shows(/Somebody was faster: APPROVED by anonymous[\s\S]*any key: back/);
    inbox.type(" ");
    await inbox.shows(/any key[\s\S]*Nothing waits for a person/);
  });

  it("tells a lost connection and takes it up again, and draws itself anew for another size", async () => {
    const line = new Line(new URL(server.url));
    await waitingRun("lost_agent");
    const inbox = open("lost_agent", await line.open());
    await inbox.shows(/1 waits for a person \| live/);
    line.cut();
    await inbox.shows(/CONNECTION LOST, trying again/);
    await waitingRun("lost_agent");
    await line.open();
    await inbox.shows(/LOST[\s\S]*2 wait for a person \| live/);
    inbox.type(`${DOWN}\r`);
    await inbox.shows(/a: approve/);
    inbox.type("\u0000resize 8 40\n");
    await inbox.shows(/a: approve[\s\S]*q: quit {3}a: approve/);
    inbox.type("a");
    await inbox.shows(/There is more of it: scroll down/);
    inbox.type(`${ESCAPE}`);
    await inbox.shows(/There is more[\s\S]*up\/down: choose/);
    line.cut();
  });

  it.each([
    ["Ctrl-C", (inbox: Command) => inbox.type("\u0003"), 0],
    ["SIGTERM", (inbox: Command) => inbox.signal("SIGTERM"), 130],
    ["a fault of its own", (inbox: Command) => inbox.signal("SIGUSR2"), 1],
  ] as const)("gives the terminal back at %s", async (_, end, code) => {
    const fault = "process.on('SIGUSR2',()=>{throw new Error('a fault')})";
    machine.env.NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(fault)}`;
    const inbox = open("ended_agent");
    delete machine.env.NODE_OPTIONS;
    await inbox.shows(/Nothing waits for a person \| live/);
    end(inbox);
    expect(await inbox.exit).toBe(code);
    expectGivenBack(inbox);
    if (code === 1) expect(inbox.shown.slice(inbox.shown.lastIndexOf("\u001b[?1049l"))).toContain("a fault");
  });
});

describe("approvals watch without a terminal", () => {
  it("gives a line for each that opens and closes, as words and as JSON", async () => {
    const runId = await waitingRun("lined_agent");
    const args = ["approvals", "watch", "--agent", "lined_agent", "--url", server.url];
    const [words, json] = [machine.run(...args), machine.run(...args, "--json")];
    inboxes.push(words, json);
    await words.shows(
      new RegExp(`opened {3}${runId} apr_\\w+ {2}lined_agent: may process_refund run\\? {2}\\{"amount":29\\.99`),
    );
    await json.shows(/"change":"opened"/);
    await runtime.handle(runId).approve();
    await words.shows(new RegExp(`closed {3}${runId} `));
    await json.shows(/"change":"closed"/);
    const changes = json.shown
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(changes[0]).toMatchObject({ change: "opened", approval: { runId, arguments: { amount: 29.99 } } });
    json.kill("SIGINT");
    expect(await json.exit).toBe(130);
  });

  it("says at once that no server answers, and that a terminal was not taken", async () => {
    const inbox = open("nobody", "http://127.0.0.1:1");
    expect(await inbox.exit).toBe(1);
    expect(inbox.shown).toMatch(/Cannot reach an Agentspan server at http:\/\/127\.0\.0\.1:1/);
    expectGivenBack(inbox);
  });
});

/** A connection to a server that can be cut. */
class Line {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(private readonly target: URL) {}

  async open(): Promise<string> {
    const server = createServer((near) => {
      const far = connect(Number(this.target.port), this.target.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => undefined).on("close", () => other.destroy());
        one.pipe(other);
      }
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    return `http://127.0.0.1:${this.#port}`;
  }

  cut(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}
