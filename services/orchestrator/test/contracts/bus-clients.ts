// A gateway and a worker, as small as the contract needs them.
import {
  INBOX_PREFIX,
  requestSubject,
  type TaskAddress,
  type WorkerVerb,
  workerInboxPrefix,
  workerSubject,
} from "@agentspan/internal";
import {
  ClaimRequestSchema,
  ClaimResponseSchema,
  CompleteRequestSchema,
  CompleteResponseSchema,
  EnvelopeSchema,
  HeartbeatRequestSchema,
  HeartbeatResponseSchema,
  RegisterRequestSchema,
  RegisterResponseSchema,
  ReleaseRequestSchema,
  ReleaseResponseSchema,
  type Reply,
  ReplySchema,
  type TaskHint,
  TaskHintSchema,
} from "@agentspan/proto";
import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  fromJsonString,
  type JsonObject,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import type { RequestHandler, WorkerHandlers } from "../../src/ports.js";
import type { BusClient } from "./bus-fixture.js";

const VERBS = {
  register: { request: RegisterRequestSchema, response: RegisterResponseSchema },
  claim: { request: ClaimRequestSchema, response: ClaimResponseSchema },
  heartbeat: { request: HeartbeatRequestSchema, response: HeartbeatResponseSchema },
  complete: { request: CompleteRequestSchema, response: CompleteResponseSchema },
  release: { request: ReleaseRequestSchema, response: ReleaseResponseSchema },
} as const;

export function envelope(method: string, body: Uint8Array = new Uint8Array()): Uint8Array {
  return toBinary(EnvelopeSchema, create(EnvelopeSchema, { method, namespace: "default", body }));
}

/** Asks as a gateway does, of one orchestrator or of any. */
export async function askGatewayRequest(client: BusClient, method: string, orchestratorId?: string): Promise<Reply> {
  const answer = await client.ask(requestSubject(orchestratorId), envelope(method), { inboxPrefix: INBOX_PREFIX });
  return fromBinary(ReplySchema, answer.data);
}

export interface WorkerAsk {
  readonly workerId: string;
  readonly verb: WorkerVerb;
  /** As protobuf-JSON names it. */
  readonly request: JsonObject;
  readonly form: "protobuf" | "json";
  readonly orchestratorId?: string;
}

/** Asks as a worker does. The answer is in protobuf-JSON's names, whatever form it came in; its form must be that asked. */
export async function askAsWorker(client: BusClient, asked: WorkerAsk): Promise<JsonObject> {
  const { workerId, verb, form } = asked;
  const { request, response } = messagesOf(verb);
  const body = { workerId, ...asked.request };
  const answer = await client.ask(
    workerSubject(workerId, verb, asked.orchestratorId),
    form === "json" ? utf8(JSON.stringify(body)) : toBinary(request, fromJson(request, body)),
    { inboxPrefix: workerInboxPrefix(workerId), ...(form === "json" ? { contentType: "application/json" } : {}) },
  );
  const wanted = form === "json" ? "application/json" : "";
  if (answer.contentType !== wanted) throw new Error(`The answer came as "${answer.contentType}", not "${wanted}"`);
  const read =
    form === "json"
      ? fromJsonString(response, new TextDecoder().decode(answer.data))
      : fromBinary(response, answer.data);
  return toJson(response, read) as JsonObject;
}

function messagesOf(verb: WorkerVerb): { readonly request: DescMessage; readonly response: DescMessage } {
  return VERBS[verb];
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function readHint(data: Uint8Array): TaskHint {
  return fromBinary(TaskHintSchema, data);
}

/** Attempt 1 of a call of its own; what is given replaces it. */
export function task(change: Partial<TaskAddress> = {}): TaskAddress {
  return {
    namespace: "default",
    queue: "refund_agent",
    tool: "process_refund",
    runId: "run_a",
    callId: "call_a",
    attempt: 1,
    ...change,
  };
}

/** Replies with the body it got. */
export const echo: RequestHandler = async ({ body }) => create(ReplySchema, { outcome: { case: "body", value: body } });

/** Handlers that answer each verb with nothing, and tell what they were asked. */
export function recordingWorkers(asked: string[] = []): WorkerHandlers {
  return {
    async register(workerId, request) {
      asked.push(`register ${workerId} ${request.language}`);
      return create(RegisterResponseSchema, { stream: "a stream", consumers: ["one"] });
    },
    async claim(workerId, request) {
      asked.push(`claim ${workerId} ${request.runId} ${request.attempt}`);
      return create(ClaimResponseSchema, { answer: { case: "grant", value: { argumentsJson: '{"amount":29.99}' } } });
    },
    async heartbeat(workerId, request) {
      asked.push(`heartbeat ${workerId} ${request.counter}`);
      return create(HeartbeatResponseSchema, { stop: ["a nonce"] });
    },
    async complete(workerId, request) {
      asked.push(`complete ${workerId} ${request.outcome.case}`);
      return create(CompleteResponseSchema, { status: 1 });
    },
    async release(workerId, request) {
      asked.push(`release ${workerId} ${request.reason}`);
      return create(ReleaseResponseSchema, { released: true });
    },
  };
}

/** Holds handlers until it is opened, and counts those that came. */
export class Gate {
  entered = 0;
  #open: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  open(): void {
    this.#open();
  }

  async pass(): Promise<void> {
    this.entered += 1;
    await this.#opened;
  }

  /** Echoes once the gate is open. */
  readonly echo: RequestHandler = async (asked) => {
    await this.pass();
    return echo(asked);
  };
}
