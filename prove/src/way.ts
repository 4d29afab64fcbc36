// The bare contract behind one address.
import type { Rpc } from "@agentspan/e2e";
import { AgentService, ApprovalService, RunService } from "@agentspan/proto";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/** The bare contract behind one address, and the end of its connections. */
export interface Way {
  readonly rpc: Rpc;
  readonly close: () => void;
}

export function wayTo(baseUrl: string): Way {
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, sessionManager });
  const rpc = {
    runs: createClient(RunService, transport),
    approvals: createClient(ApprovalService, transport),
    agents: createClient(AgentService, transport),
  };
  return { rpc, close: () => sessionManager.abort() };
}
