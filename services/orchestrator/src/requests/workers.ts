// ListWorkers and ListTools.
import { Limits } from "@agentspan/internal";
import {
  type ListedTool,
  ListedToolSchema,
  type ListToolsRequest,
  type ListToolsResponse,
  ListToolsResponseSchema,
  type ListWorkersRequest,
  type ListWorkersResponse,
  ListWorkersResponseSchema,
  type WorkerProcess,
  WorkerProcessSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken, type Listing } from "../page-token.js";
import type { Page, ServedTool, ToolRegistration } from "../ports.js";
import type { RequestContext } from "./context.js";
import { compare, type FleetTool, type FleetWorker, toolKey, workerKey } from "./fleet.js";
import { pageSizeOf } from "./read.js";

const MOST_NAMED = 100;
/** Roughly, of a worker or a tool without its lists, and of an entry in them. */
const BASE_BYTES = 512;
const ENTRY_BYTES = 128;

export async function listWorkers(context: RequestContext, request: ListWorkersRequest): Promise<ListWorkersResponse> {
  const { fleet, namespace } = context;
  const page = await pageOf("workers", request, await fleet.workersOf(namespace), {
    keyOf: ({ instance }) => workerKey(instance),
    bytesOf: ({ instance }) => BASE_BYTES + ENTRY_BYTES * instance.tools.length,
  });
  return create(ListWorkersResponseSchema, {
    workers: page.items.map(encodeWorker),
    nextPageToken: page.nextPageToken ?? "",
  });
}

export async function listTools(context: RequestContext, request: ListToolsRequest): Promise<ListToolsResponse> {
  const { fleet, namespace } = context;
  const page = await pageOf("tools", request, await fleet.toolsOf(namespace), {
    keyOf: toolKey,
    bytesOf: ({ agents, registered }) =>
      BASE_BYTES + ENTRY_BYTES * (Math.min(agents.length, MOST_NAMED) + Math.min(registered.length, MOST_NAMED)),
  });
  const [demands, waiting] = await Promise.all([
    fleet.demandsOf(namespace, page.items),
    fleet.waiting(namespace, page.items),
  ]);
  return create(ListToolsResponseSchema, {
    tools: page.items.map((tool, at) => encodeTool(tool, demands.get(toolKey(tool)), waiting[at])),
    nextPageToken: page.nextPageToken ?? "",
  });
}

interface Asked {
  readonly pageSize: number;
  readonly pageToken: string;
}

interface Rows<T> {
  /** Of a sorted list. */
  readonly keyOf: (item: T) => string;
  readonly bytesOf: (item: T) => number;
}

function pageOf<T>(
  listing: Listing,
  { pageSize, pageToken }: Asked,
  all: readonly T[],
  { keyOf, bytesOf }: Rows<T>,
): Promise<Page<T>> {
  const after = decodePageToken(listing, pageToken === "" ? undefined : pageToken);
  const rows = after === undefined ? all : all.filter((item) => compare(keyOf(item), after.id) > 0);
  return collectPage(rows, {
    limit: pageSizeOf(pageSize, Limits.defaultPageSize),
    maxBytes: Limits.pageBytes,
    bytesOf,
    itemOf: (item) => item,
    tokenAfter: (item) => encodePageToken(listing, { at: 0, id: keyOf(item) }),
  });
}

function encodeWorker({ instance, live, problem = "", notPermitted }: FleetWorker): WorkerProcess {
  const { name, incarnation, about, seenAt, inHand, seal, tools } = instance;
  return create(WorkerProcessSchema, {
    workerId: name,
    instanceId: incarnation,
    live,
    problem,
    ...(about && {
      language: about.language,
      sdkVersion: about.sdkVersion,
      registeredAt: timestampFromMs(about.registeredAt),
    }),
    ...(seenAt === undefined ? {} : { lastSeenAt: timestampFromMs(seenAt) }),
    ...(seal?.permit && { permittedUntil: timestampFromMs(Math.floor(seal.permit.until)) }),
    tasksInHand: inHand.length,
    tools: tools.map((tool) => ({
      queue: tool.queue,
      name: tool.tool,
      ...demandsOf([tool]),
      probe: tool.probe === true,
      notPermitted: notPermitted.has(tool),
    })),
  });
}

function encodeTool(
  { queue, tool: name, agents, registered }: FleetTool,
  newest: ToolRegistration | undefined,
  waiting: number | undefined,
): ListedTool {
  const serving = registered.filter(
    ({ worker: { live, problem, notPermitted }, tool }) => live && problem === undefined && !notPermitted.has(tool),
  );
  const demanding = registered.filter(({ worker }) => worker.demands).map(({ tool }) => tool);
  const seen = registered.flatMap(({ worker }) => worker.instance.seenAt ?? []);
  const ids = [...new Set(serving.map(({ worker }) => worker.instance.name))];
  return create(ListedToolSchema, {
    queue,
    name,
    workerIds: ids.slice(0, MOST_NAMED),
    workerProcesses: serving.length,
    ...(seen.length === 0 ? {} : { lastServedAt: timestampFromMs(Math.max(...seen)) }),
    ...demandsOf([...(newest === undefined ? [] : [newest]), ...demanding]),
    agentNames: agents.slice(0, MOST_NAMED),
    ...(waiting === undefined ? {} : { waitingTasks: BigInt(waiting) }),
  });
}

function demandsOf(said: readonly (ServedTool | ToolRegistration)[]) {
  return {
    approvalRequired: said.some(({ approval }) => approval === true),
    once: said.some(({ once }) => once === true),
    preview: said.some(({ preview }) => preview !== undefined),
  };
}
