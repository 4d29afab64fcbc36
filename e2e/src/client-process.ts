// A program that starts a run and waits for its result, to be killed while it waits.
import { AgentRuntime } from "@agentspan/sdk";
import { deskAgent } from "./desk-agent.js";

const runtime = new AgentRuntime();
const handle = await runtime.start(deskAgent(), process.env.E2E_INPUT ?? "", { serve: false });
process.send?.({ ready: true, runId: handle.runId });
process.once("disconnect", () => process.exit(0));
await handle.result();
