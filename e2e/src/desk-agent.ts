// The agent that the tests run, and what its tools do. The model's arguments steer a tool: `hold` names a gate that it
// waits at, `takes` how many milliseconds it takes, `fail` makes it throw, `failures` makes that many first attempts
// throw, `heed` lets it stop when told to, and `die` has it take its process along.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  Agent,
  type AgentOptions,
  type JsonObject,
  type PreviewFunction,
  type PreviewOptions,
  type Probe,
  type ProbeOptions,
  TerminalError,
  type Tool,
  type ToolContext,
  type ToolOptions,
  tool,
} from "@agentspan/sdk";
import { Ledger, writeLedger } from "./ledger.js";

/** Where a worker process finds the ledger and the gates. */
export const LEDGER_VARIABLE = "E2E_LEDGER";
export const GATES_VARIABLE = "E2E_GATES";

const LOOK_MS = 10;

async function act(name: string, args: JsonObject, context: ToolContext): Promise<unknown> {
  const { runId, callId, attempt, idempotencyKey: key, proof } = context;
  const file = process.env[LEDGER_VARIABLE] ?? "";
  const entry = { tool: name, runId, callId, attempt, key, args: JSON.stringify(args), pid: process.pid };
  const note = (step: "begin" | "end" | "abort") =>
    writeLedger(file, { ...entry, step, approvalId: proof?.approvalId ?? "" });
  note("begin");
  if (args.die === true) process.kill(process.pid, "SIGKILL");
  if (typeof args.hold === "string")
    await gate(args.hold, args.heed === true ? context.signal : undefined, () => note("abort"));
  if (typeof args.takes === "number") await delay(args.takes);
  if (typeof args.fail === "string") throw new TerminalError(args.fail);
  if (typeof args.failures === "number" && attempt <= args.failures) throw new Error(`attempt ${attempt} fails`);
  // A receiver that enforces the key pays once for it, whoever asks and however often.
  if (!ENFORCING.includes(name) || paidFor(key) === undefined) note("end");
  if (typeof args.bytes === "number") return { done: name, filler: "x".repeat(args.bytes) };
  return { done: name, attempt };
}

/** Tools whose effects their receiver looks up by the key before it makes them. */
const ENFORCING: readonly string[] = ["payout"];

function paidFor(key: string): JsonObject | undefined {
  const paid = new Ledger(process.env[LEDGER_VARIABLE] ?? "")
    .all()
    .find((line) => line.step === "end" && line.key === key);
  return paid && { done: paid.tool, attempt: paid.attempt };
}

/** Looks whether the ledger has the effect; `dark` makes it blind, so that it cannot tell. */
const lookIntoTheLedger: Probe<JsonObject> = (args, { idempotencyKey }) => {
  if (args.dark === true) return { unknown: true, detail: "the ledger is dark" };
  const result = paidFor(idempotencyKey);
  const detail = `looked for ${idempotencyKey}`;
  return result === undefined ? { happened: false, detail } : { happened: true, result, detail };
};

/**
 * What an account would have left; `look` names a gate that it waits at. The balance is the account's, which is a file and
 * may be missing, or what the arguments say; where neither says so, it is another each time.
 */
const lookAtTheAccount: PreviewFunction<JsonObject> = async ({ account, amount, balance: said, look }, { signal }) => {
  if (typeof look === "string") await gate(look, signal, () => undefined);
  const balance = typeof account === "string" ? balanceOf(account) : Number(said ?? process.hrtime.bigint());
  return { before: { balance }, after: { balance: balance - Number(amount) }, seenBy: process.pid };
};

function balanceOf(account: string): number {
  return Number(readFileSync(join(process.env[GATES_VARIABLE] ?? "", account), "utf8"));
}

/** A gate is open when its file is there: it outlives every process that waits at it. */
async function gate(name: string, signal: AbortSignal | undefined, onAbort: () => void): Promise<void> {
  const file = join(process.env[GATES_VARIABLE] ?? "", name);
  while (!existsSync(file)) {
    if (signal?.aborted) {
      onAbort();
      throw signal.reason;
    }
    await delay(LOOK_MS);
  }
}

type Further = Partial<Omit<ToolOptions, "name" | "description">> &
  ProbeOptions<JsonObject> &
  PreviewOptions<JsonObject>;

const ANYTHING = { type: "object" } as const;
const REFUND = {
  type: "object",
  properties: { order_id: { type: "string" }, amount: { type: "number" } },
  required: ["order_id", "amount"],
} as const;

function deskTool(name: string, further: Further = {}, inputSchema: JsonObject = ANYTHING): Tool {
  return tool((args, context) => act(name, args, context), {
    name,
    description: `The ${name} of the desk.`,
    inputSchema,
    retry: { maxAttempts: 4, initialBackoff: 20, maxBackoff: 50 },
    ...further,
  });
}

/**
 * Plain: get_order, get_customer. Gated: refund, email, erase (explicit), transfer (short). Guarded alone: charge. With a
 * probe: payout, whose receiver enforces the key, and wire, whose receiver does not. With a preview: adjust. Plain, with little time: report (to
 * run) and errand (to begin); and poison, which is tried twice.
 */
const TOOLS: readonly Tool[] = [
  deskTool("get_order"),
  deskTool("get_customer"),
  deskTool("refund", { approvalRequired: true }, REFUND),
  deskTool("email", { approvalRequired: true }),
  deskTool("erase", { approvalRequired: true, approvalExplicit: true }),
  deskTool("transfer", { approvalRequired: true, timeout: "400ms" }),
  deskTool("charge", { once: true }),
  deskTool("payout", { approvalRequired: true, probe: lookIntoTheLedger, enforcesIdempotency: true }),
  deskTool("wire", { approvalRequired: true, probe: lookIntoTheLedger }),
  deskTool("adjust", { approvalRequired: true, preview: lookAtTheAccount, previewFields: ["after.balance"] }),
  deskTool("report", { timeout: "400ms", retry: { maxAttempts: 2, initialBackoff: 20 } }),
  deskTool("errand", { startTimeout: "400ms" }),
  deskTool("poison", { retry: { maxAttempts: 2, initialBackoff: 20 } }),
  // Its worker gates it; see lenientAgent.
  deskTool("wipe", { approvalRequired: true }),
];

export const MODEL = "script/desk";

/** The agent under a name, which is also the queue that its tasks are taken from. */
export function deskAgent(name = "desk", options: Partial<Omit<AgentOptions, "name" | "tools">> = {}): Agent {
  return new Agent({ name, model: MODEL, instructions: "You are the desk.", ...options, tools: TOOLS });
}

/** A definition that forgets that `wipe` is gated. The desk's workers serve it. */
export function lenientAgent(queue = "desk"): Agent {
  return new Agent({ name: `${queue}_lenient`, model: MODEL, tools: [servedAt(queue, "wipe")] });
}

/** A definition that gates `get_order`, which the desk's workers serve as a plain tool. */
export function strictAgent(queue = "desk"): Agent {
  return new Agent({ name: `${queue}_strict`, model: MODEL, tools: [servedAt(queue, "get_order", true)] });
}

function servedAt(queue: string, name: string, approvalRequired = false): Tool {
  const description = `The ${name} of the desk.`;
  return tool(() => undefined, { name, description, inputSchema: ANYTHING, queue, approvalRequired });
}
