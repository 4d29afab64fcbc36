// Lists of the server, page by page, in the SDK's own types.
import {
  AgentService,
  type AgentSummary,
  ApprovalService,
  type Key,
  KeyService,
  type ListApprovalsRequest,
  type ListDeliveriesRequest,
  type ListedTool,
  type ListRunsRequest,
  RunService,
  type Webhook,
  type WebhookDelivery,
  WebhookService,
  type WorkerProcess,
  WorkerService,
} from "@agentspan/proto";
import {
  type AgentRuntime,
  type Approval,
  approvalOf,
  type RunStatus,
  runStatusOf,
  wholeApprovals,
} from "@agentspan/sdk";

type Filters<T> = Partial<Omit<T, "$typeName" | "$unknown" | "pageSize" | "pageToken">>;

export interface Listed<T> {
  readonly items: readonly T[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

/** The newest runs, at most `limit`. */
export function listRuns(
  { client }: AgentRuntime,
  filters: Filters<ListRunsRequest>,
  limit: number,
): Promise<Listed<RunStatus>> {
  return collect(limit, async (pageSize, pageToken) => {
    const page = await client.call(RunService.method.listRuns, { ...filters, pageSize, pageToken });
    return { items: page.runs.map(runStatusOf), next: page.nextPageToken };
  });
}

/** What waits for a person, the oldest first, at most `limit`. */
export async function listApprovals(
  { client }: AgentRuntime,
  filters: Filters<ListApprovalsRequest>,
  limit: number,
): Promise<Listed<Approval> & { readonly total?: number }> {
  let total: number | undefined;
  const listed = await collect(limit, async (pageSize, pageToken) => {
    // Counted once, with the first page.
    const withTotal = filters.withTotal === true && pageToken === "";
    const asked = { ...filters, withTotal, pageSize, pageToken };
    const page = await client.call(ApprovalService.method.listApprovals, asked);
    if (withTotal) total = page.total;
    const approvals = await wholeApprovals(client, page.approvals);
    return { items: approvals.map(approvalOf), next: page.nextPageToken };
  });
  return total === undefined ? listed : { ...listed, total };
}

/** The agents of the namespace, by name, at most `limit`. */
export function listAgents({ client }: AgentRuntime, limit: number): Promise<Listed<AgentSummary>> {
  return collect(limit, async (pageSize, pageToken) => {
    const page = await client.call(AgentService.method.listAgents, { pageSize, pageToken });
    return { items: page.agents, next: page.nextPageToken };
  });
}

/** The versions of an agent, the one that was stored last first, at most `limit`. */
export function listAgentVersions(
  { client }: AgentRuntime,
  name: string,
  limit: number,
): Promise<Listed<AgentSummary>> {
  return collect(limit, async (pageSize, pageToken) => {
    const page = await client.call(AgentService.method.listAgentVersions, { name, pageSize, pageToken });
    return { items: page.versions, next: page.nextPageToken };
  });
}

/** Worker processes by worker, at most `limit`. */
export function listWorkers({ client }: AgentRuntime, limit: number): Promise<Listed<WorkerProcess>> {
  return collect(limit, async (pageSize, pageToken) => {
    const page = await client.call(WorkerService.method.listWorkers, { pageSize, pageToken });
    return { items: page.workers, next: page.nextPageToken };
  });
}

/** Tools with who serves them, by queue and name, at most `limit`. */
export function listTools({ client }: AgentRuntime, limit: number): Promise<Listed<ListedTool>> {
  return collect(limit, async (pageSize, pageToken) => {
    const page = await client.call(WorkerService.method.listTools, { pageSize, pageToken });
    return { items: page.tools, next: page.nextPageToken };
  });
}

/** The keys of the namespace, the newest first, at most `limit`. */
export function listKeys({ client }: AgentRuntime, limit: number): Promise<Listed<Key>> {
  return collect(limit, async (pageSize, pageToken) => {
    const page = await client.call(KeyService.method.listKeys, { pageSize, pageToken });
    return { items: page.keys, next: page.nextPageToken };
  });
}

/** The webhooks of the namespace, the newest first, at most `limit`. */
export function listWebhooks({ client }: AgentRuntime, limit: number): Promise<Listed<Webhook>> {
  return collect(limit, async (pageSize, pageToken) => {
    const page = await client.call(WebhookService.method.listWebhooks, { pageSize, pageToken });
    return { items: page.webhooks, next: page.nextPageToken };
  });
}

/** What a webhook was sent or is to be sent, the newest first, at most `limit`. */
export function listDeliveries(
  { client }: AgentRuntime,
  filters: Filters<ListDeliveriesRequest>,
  limit: number,
): Promise<Listed<WebhookDelivery>> {
  return collect(limit, async (pageSize, pageToken) => {
    const page = await client.call(WebhookService.method.listDeliveries, { ...filters, pageSize, pageToken });
    return { items: page.deliveries, next: page.nextPageToken };
  });
}

const MOST_A_PAGE = 1000;

async function collect<T>(
  limit: number,
  read: (pageSize: number, pageToken: string) => Promise<{ readonly items: readonly T[]; readonly next: string }>,
): Promise<Listed<T>> {
  const items: T[] = [];
  let next = "";
  do {
    const page = await read(Math.min(MOST_A_PAGE, limit - items.length), next);
    items.push(...page.items);
    next = page.next;
  } while (next !== "" && items.length < limit);
  return { items: items.slice(0, limit), more: next !== "" || items.length > limit };
}
