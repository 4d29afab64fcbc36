// The tool worker in its own process.
import { AgentRuntime } from "@agentspan/sdk";
import { agent } from "./refund-workload.js";

const runtime = new AgentRuntime({ natsUrl: process.env.NATS_URL ?? "", concurrency: 64 });
await runtime.serve(agent, { blocking: false });
process.send?.({ ready: true });
process.once("SIGTERM", () => void runtime.shutdown().then(() => process.exit(0)));
process.once("disconnect", () => process.exit(0));
