// The TypeScript SDK's driver: its real worker with the tools of workers/CONFORMANCE.md, and nothing that knows of the
// behaviours that it is measured by.
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  Agent,
  AgentRuntime,
  type JsonObject,
  type PreviewContext,
  type ProbeAnswer,
  type ProbeContext,
  TerminalError,
  type Tool,
  type ToolContext,
  tool,
} from "@agentspan/sdk";

const LOOK_MS = 10;
const workerId = setting("WORKER_ID");

function setting(name: string): string {
  const value = process.env[`CONFORMANCE_${name}`];
  if (value === undefined) throw new Error(`CONFORMANCE_${name} is not set.`);
  return value;
}

function write(step: string, line: JsonObject): void {
  appendFileSync(
    setting("LEDGER"),
    `${JSON.stringify({ step, workerId, pid: process.pid, at: Date.now(), ...line })}\n`,
  );
}

async function act(name: string, args: JsonObject, context: ToolContext): Promise<unknown> {
  const { runId, callId, attempt, idempotencyKey: key, deadline, proof } = context;
  const note = (step: string) =>
    write(step, {
      tool: name,
      runId,
      callId,
      attempt,
      key,
      args: JSON.stringify(args),
      deadline: deadline?.getTime() ?? 0,
      approvalId: proof?.approvalId ?? "",
      decisionId: proof?.decisionId ?? "",
    });
  note("begin");
  if (typeof args.hold === "string" && (await held(args.hold, args.heed === true, context.signal, note))) {
    return { cancelled: true };
  }
  if (typeof args.fail === "string") throw new Error(args.fail);
  if (typeof args.final === "string") throw new TerminalError(args.final);
  note("end");
  if ("returns" in args) return args.returns;
  if (typeof args.bytes === "number") return { filler: "x".repeat(args.bytes) };
  return { done: name, attempt };
}

/** Whether it was cancelled and heeded that; else the gate is open. */
async function held(gate: string, heed: boolean, signal: AbortSignal, note: (step: string) => void): Promise<boolean> {
  let told = false;
  while (!existsSync(join(setting("GATES"), gate))) {
    if (signal.aborted && !told) {
      told = true;
      note("cancelled");
      if (heed) return true;
    }
    await delay(LOOK_MS);
  }
  return false;
}

function look(
  name: string,
  args: JsonObject,
  { runId, callId, attempt, idempotencyKey: key }: ProbeContext,
): ProbeAnswer {
  write("probe", { tool: name, runId, callId, attempt, key, args: JSON.stringify(args) });
  const detail = `looked for ${key}`;
  if (args.probe === "HAPPENED") return { happened: true, result: { found: key }, detail };
  if (args.probe === "DID_NOT_HAPPEN") return { happened: false, detail };
  if (args.probe === "UNKNOWN") return { unknown: true, detail };
  throw new Error("the probe is blind");
}

function show(name: string, args: JsonObject, { runId, callId }: PreviewContext): unknown {
  write("preview", { tool: name, runId, callId, args: JSON.stringify(args) });
  if (typeof args.blind === "string") throw new Error(args.blind);
  return args.shows;
}

const TYPED = {
  type: "object",
  properties: { order_id: { type: "string" }, amount: { type: "number" } },
  required: ["order_id", "amount"],
  additionalProperties: false,
} as const;

function served(name: string, further: object = {}, inputSchema: JsonObject = { type: "object" }): Tool {
  return tool((args: JsonObject, context) => act(name, args, context), {
    name,
    description: `The tool ${name}.`,
    inputSchema,
    ...further,
  });
}

const TOOLS: readonly Tool[] = [
  served("plain"),
  served("typed", {}, TYPED),
  served("once", { once: true }),
  served("gated", { approvalRequired: true }),
  served("probed", {
    once: true,
    enforcesIdempotency: true,
    probe: (args: JsonObject, context: ProbeContext) => look("probed", args, context),
  }),
  served("previewed", {
    approvalRequired: true,
    preview: (args: JsonObject, context: PreviewContext) => show("previewed", args, context),
  }),
];

const runtime = new AgentRuntime({ workerId, concurrency: Number(setting("CONCURRENCY")) });
const agents = setting("QUEUES")
  .split(",")
  .map((name) => new Agent({ name, model: "script/conformance", tools: TOOLS }));

process.stdin.once("end", () => process.exit(1)).resume();
process.once("SIGTERM", async () => {
  write("stopping", {});
  await runtime.shutdown({ grace: Number(setting("GRACE_MS")) });
  process.exit(0);
});

await runtime.serve(agents, { blocking: false });
write("ready", {});
