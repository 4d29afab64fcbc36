// agentspan server start --memory, as a test in any language uses it: by its addresses and its clock alone.
import { readFileSync } from "node:fs";
import { Agent, AgentRuntime, type ApprovalOptions, tool } from "@agentspan/sdk";
import { eventually } from "@agentspan/servers/eventually";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Machine, type ServerCommand } from "./command.js";

interface Reading {
  readonly now: string;
  readonly next: string | null;
  readonly busy: readonly string[];
  readonly commits: number;
  readonly moved?: boolean;
}

const DAY_MS = 86_400_000;

let machine: Machine;
let server: ServerCommand;
let clockUrl: string;
let runtime: AgentRuntime;
/** What process_refund does; each test's own. */
let refund: (signal: AbortSignal) => Promise<unknown>;
beforeAll(async () => {
  machine = new Machine();
  server = await machine.server("--memory", "--grpc-port", "0");
  [, clockUrl = ""] = await server.shows(/Clock +(\S+)/);
});
afterEach(() => runtime?.shutdown());
afterAll(() => machine.close());

async function clock(path = "/clock", body?: unknown, headers: Record<string, string> = {}): Promise<Reading> {
  const method = body === undefined ? "GET" : "POST";
  const response = await fetch(`${clockUrl}${path}`, {
    ...{ method, headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return (await response.json()) as Reading;
}

/** When nothing is in progress any more, moves to what happens next. */
async function moveOn(): Promise<Reading> {
  return eventually(async () => {
    const { commits } = await clock();
    const reading = await clock("/clock/next", { commits });
    expect(reading.moved, JSON.stringify(reading)).toBe(true);
    return reading;
  });
}

function agentOf(approval: ApprovalOptions): Agent {
  return new Agent({
    name: "refunds",
    model: "demo/refund",
    tools: [
      tool((_args: object, { signal }) => refund(signal), {
        name: "process_refund",
        description: "Issue a refund.",
        inputSchema: { type: "object" },
        approval,
        timeout: "10m",
      }),
    ],
  });
}

async function waiting(agent: Agent, workerId?: string) {
  runtime = new AgentRuntime({
    ...{ url: server.url, natsUrl: server.natsUrl, grace: "1s" },
    ...(workerId === undefined ? {} : { workerId }),
  });
  const handle = await runtime.start(agent, "Refund $29.99 of ORD-8821");
  await eventually(async () => expect((await handle.getStatus()).isWaiting).toBe(true));
  return handle;
}

describe("a server in memory", () => {
  it("lets thirty days pass at once: an approval that nobody gives is over", async () => {
    const handle = await waiting(agentOf({ expiresIn: "30d" }));
    const before = await clock();
    expect(before.busy).toEqual([]);
    expect(Date.parse(before.next ?? "") - Date.parse(before.now)).toBeGreaterThan(29.9 * DAY_MS);
    const after = await moveOn();
    expect(Date.parse(after.now)).toBeGreaterThanOrEqual(Date.parse(before.next ?? ""));
    const types: string[] = [];
    const signal = AbortSignal.timeout(20_000);
    for await (const { type } of handle.events({ after: 0, includeDeltas: false, signal })) types.push(type);
    expect(types).toContain("checkpoint_closed");
    expect((await handle.result()).isSuccess).toBe(true);
  });

  it("does not move while something is in progress, nor where something has changed meanwhile", async () => {
    let finish: (result: unknown) => void = () => undefined;
    refund = () => new Promise((resolve) => (finish = resolve));
    const handle = await waiting(agentOf({ expiresIn: "30d" }));
    const { commits } = await clock();
    await handle.approve();
    const busy = await eventually(async () => {
      const reading = await clock();
      expect(reading.busy).toEqual([`a worker runs process_refund of ${handle.runId}`]);
      return reading;
    });
    expect(await clock("/clock/next", { commits: busy.commits })).toMatchObject({
      moved: false,
      now: expect.anything(),
    });
    finish({ refunded: true });
    await handle.result();
    expect((await clock("/clock/next", { commits })).moved).toBe(false);
  });

  it("moves on whatever a worker has in hand where it is told how far: the tool runs out of time", async () => {
    refund = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const handle = await waiting(agentOf({ expiresIn: "30d" }));
    await handle.approve();
    await eventually(async () => expect((await clock()).busy.join()).toContain("a worker runs process_refund"));
    const before = Date.parse((await clock()).now);
    const after = await clock("/clock/advance", { ms: 11 * 60_000 });
    expect(Date.parse(after.now) - before).toBeGreaterThanOrEqual(11 * 60_000);
    const [open] = (await handle.getStatus()).pendingApprovals;
    expect(open?.kind).toBe("SETTLEMENT");
  });

  it("moves by no more than is asked for, and knows of workers after a month", async () => {
    const handle = await waiting(agentOf({ expiresIn: "30d" }));
    const { now, commits } = await clock();
    const notAfter = new Date(Date.parse(now) + DAY_MS).toISOString();
    const reading = await clock("/clock/next", { commits, notAfter });
    expect(reading.moved).toBe(true);
    expect(Date.parse(reading.now) - Date.parse(notAfter)).toBeLessThan(60_000);
    expect((await handle.getStatus()).isWaiting).toBe(true);
    refund = async () => ({ refunded: true });
    await clock("/clock/advance", { ms: 20 * DAY_MS });
    await handle.approve();
    const { blockedOn } = await handle.getStatus();
    expect(blockedOn).toEqual([]);
    expect((await handle.result()).isSuccess).toBe(true);
  });

  it("dates what happens after a move by the moved date", async () => {
    refund = async () => ({ refunded: true });
    for (let times = 0; times < 5; times += 1) {
      const handle = await waiting(agentOf({ expiresIn: "30d" }));
      const { now } = await clock("/clock/advance", { ms: DAY_MS });
      const { decision } = await handle.approve();
      expect(decision?.decidedAt?.getTime()).toBeGreaterThanOrEqual(Date.parse(now) - 1_000);
      await handle.result();
      await runtime.shutdown();
    }
  });

  it("forgets a worker that has stopped: the next test does not meet the gates of the one before", async () => {
    const sends = (approvalRequired: boolean) =>
      new Agent({
        name: "sends",
        model: "demo/refund",
        tools: [
          tool(() => ({ sent: true }), {
            ...{ name: "process_refund", description: "Sends.", inputSchema: { type: "object" } },
            ...(approvalRequired ? { approvalRequired } : {}),
          }),
        ],
      });
    const gated = await waiting(sends(true), "first");
    await gated.cancel();
    await runtime.shutdown();
    await clock("/forget", { worker: "first" });
    runtime = new AgentRuntime({ url: server.url, natsUrl: server.natsUrl, grace: "1s" });
    const plain = await runtime.start(sends(false), "Refund $29.99 of ORD-8821");
    expect((await plain.result()).isSuccess).toBe(true);
  });

  it.each([
    ["/clock", undefined, { origin: "https://page.test" }, "The clock is for programs on this machine."],
    ["/clock/next", {}, {}, '"commits" is the number that GET /clock gave.'],
    ["/clock/next", { commits: 0, notAfter: "soon" }, {}, '"notAfter" is a date such as 2026-11-30T08:00:00Z.'],
    ["/clock/advance", { ms: -1 }, {}, '"ms" is how far the date moves, in milliseconds: 0 to ten years.'],
    ["/forget", { worker: 7 }, {}, '"worker" is the id of a worker that has stopped.'],
    ["/clock/advance", "{", {}, "The body must be a JSON object."],
    ["/clock/advance", { ms: 1, more: "x".repeat(5_000) }, {}, "A body has at most 4096 bytes."],
    [
      "/time",
      undefined,
      {},
      "There is no GET /time here: the clock has GET /clock, POST /clock/next, POST /clock/advance and POST /forget.",
    ],
  ])("refuses a wrong request of %s with a sentence", async (path, body, headers, error) => {
    expect(await clock(path, body, headers)).toEqual({ error });
  });

  it("asks nobody who they are, and cannot be told to keep anything", async () => {
    const { code, shown } = await machine.ask("server", "start", "--memory", "--auth");
    expect(code).toBe(2);
    expect(shown).toContain("--memory");
    expect((await machine.ask("server", "start", "--memory", "--data", "x")).code).toBe(2);
  });

  it("stops by a signal, and where it is told to also when whoever started it is gone", async () => {
    const options = ["--memory", "--grpc-port", "0", "--until-input-ends"] as const;
    const servers = await Promise.all([machine.server(...options), machine.server(...options)]);
    const [one, other] = servers;
    one.kill("SIGTERM");
    other.typeAll("");
    expect(await Promise.all(servers.map(({ exit }) => exit))).toEqual([0, 0]);
    expect(other.shown).toContain("Stopped. Nothing of it is left.");
  });

  it("ends with a sentence where its orchestrator is killed, and leaves nothing", async () => {
    const lost = await machine.server("--memory", "--grpc-port", "0");
    const orchestrator = machine
      .left()
      .map((line) => ({ pid: Number.parseInt(line, 10), line }))
      .find(({ pid, line }) => line.includes("memory-main") && parentOf(pid) === lost.pid);
    process.kill(orchestrator?.pid ?? 0, "SIGKILL");
    expect(await lost.exit).toBe(1);
    expect(lost.shown).toContain("The orchestrator ended unexpectedly (SIGKILL), and with it every run in memory.");
  });
});

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
