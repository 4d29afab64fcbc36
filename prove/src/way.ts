// The bare contract behind one address.
import type { Rpc } from "@agentspan/e2e";
import { AgentService, ApprovalService, AuditService, GrantService, KeyService, RunService } from "@agentspan/proto";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/** What only some may ask. */
export interface OfficeRpc extends Rpc {
  readonly grants: Client<typeof GrantService>;
  readonly keys: Client<typeof KeyService>;
  readonly audit: Client<typeof AuditService>;
}

/** The bare contract behind one address, and the end of its connections. */
export interface Way {
  readonly rpc: OfficeRpc;
  readonly close: () => void;
}

/** With an API key where one is needed. */
export function wayTo(baseUrl: string, apiKey?: string): Way {
  const sessionManager = new Http2SessionManager(baseUrl);
  const identify: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${apiKey}`);
    return next(request);
  };
  const interceptors = apiKey === undefined ? [] : [identify];
  const transport = createGrpcTransport({ baseUrl, sessionManager, interceptors });
  const rpc = {
    runs: createClient(RunService, transport),
    approvals: createClient(ApprovalService, transport),
    agents: createClient(AgentService, transport),
    grants: createClient(GrantService, transport),
    keys: createClient(KeyService, transport),
    audit: createClient(AuditService, transport),
  };
  return { rpc, close: () => sessionManager.abort() };
}
