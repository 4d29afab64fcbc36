// A worker of ours at an installation that is given: the tools of demo/refund, each with a line in the ledger.
import { setTimeout as delay } from "node:timers/promises";
import { LEDGER_VARIABLE, writeLedger } from "@agentspan/e2e";
import { armFaultPoints } from "@agentspan/internal";
import { AgentRuntime, type JsonObject, type ToolContext } from "@agentspan/sdk";
import { givenAgent } from "./given-agent.js";

armFaultPoints(process.env);
const { PROVE_AGENT = "prove", PROVE_WORKER = "prove-worker" } = process.env;

async function act(tool: string, args: JsonObject, context: ToolContext): Promise<unknown> {
  const { runId, callId, attempt, idempotencyKey: key, proof } = context;
  const line = { tool, runId, callId, attempt, key, args: JSON.stringify(args), pid: process.pid };
  const note = (step: "begin" | "end"): void =>
    writeLedger(process.env[LEDGER_VARIABLE] ?? "", { ...line, step, approvalId: proof?.approvalId ?? "" });
  note("begin");
  await delay(20 + Math.random() * 300);
  note("end");
  if (tool === "get_order") return { ...args, amount: 29.99 };
  return tool === "get_customer" ? { ...args, name: "Alex" } : { refunded: true, amount: args.amount };
}

const runtime = new AgentRuntime({ workerId: PROVE_WORKER });
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.once("SIGTERM", () => void runtime.shutdown({ grace: "1s" }).then(() => process.exit(0)));
await runtime.serve(givenAgent(PROVE_AGENT, act), { blocking: false });
process.send?.({ ready: true });
