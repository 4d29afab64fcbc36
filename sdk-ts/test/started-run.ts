import { RunService } from "@agentspan/proto";
import { AgentHandle } from "../src/agent-handle.js";
import type { MemoryRunService } from "./memory-run-service.js";

/** A run that has just begun, by a client of the service. */
export async function startedRun(service: MemoryRunService): Promise<AgentHandle> {
  const client = service.client();
  const { runId } = await client.call(RunService.method.start, {
    source: { case: "agentName", value: "refund_agent" },
    input: "Refund ORD-8821",
    idempotencyKey: "key_1",
  });
  return new AgentHandle({ runId, runtime: { client } });
}
