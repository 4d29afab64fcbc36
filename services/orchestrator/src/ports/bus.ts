// The broker.
import type { TaskAddress } from "@agentspan/internal";
import type {
  ClaimRequest,
  ClaimResponse,
  CompleteRequest,
  CompleteResponse,
  Envelope,
  HeartbeatRequest,
  HeartbeatResponse,
  LiveEvents,
  RegisterRequest,
  RegisterResponse,
  ReleaseRequest,
  ReleaseResponse,
  Reply,
} from "@agentspan/proto";

/** Answers one request of a gateway. Never rejects: failures are in the reply. */
export type RequestHandler = (envelope: Envelope) => Promise<Reply>;

/** Answers one request of a worker: the message of the verb, and its response message. */
export interface WorkerHandlers {
  register(workerId: string, request: RegisterRequest): Promise<RegisterResponse>;
  claim(workerId: string, request: ClaimRequest): Promise<ClaimResponse>;
  heartbeat(workerId: string, request: HeartbeatRequest): Promise<HeartbeatResponse>;
  complete(workerId: string, request: CompleteRequest): Promise<CompleteResponse>;
  release(workerId: string, request: ReleaseRequest): Promise<ReleaseResponse>;
}

/** Carries hints, requests and live events. Rejects with AgentspanError BUS_UNAVAILABLE while the bus is away. */
export interface Bus {
  /** Makes the stream, and the durable consumer of each tool; resolves to their names in order. */
  ensureConsumers(namespace: string, tools: readonly { queue: string; tool: string }[]): Promise<readonly string[]>;
  /** Puts a hint in the work queue, or finds that it is there already. */
  announce(task: TaskAddress, orchestratorId: string): Promise<"announced" | "already_there">;
  /** Takes the hints of a call out of the work queue. */
  withdraw(call: Omit<TaskAddress, "attempt">): Promise<void>;
  /**
   * How many hints of each tool are in the work queue, in order: those that no worker took, or that one holds and has not
   * claimed. Undefined where nobody can tell, since the tool has no consumer.
   */
  queued(
    namespace: string,
    tools: readonly { queue: string; tool: string }[],
  ): Promise<readonly (number | undefined)[]>;
  /** Tells watchers of a run. Not awaited, may be lost: they fill gaps by reading. */
  publish(namespace: string, runId: string, live: LiveEvents): void;
  /** Begins to answer requests, shared with the other orchestrators and those to this one by name. */
  serve(orchestratorId: string, onRequest: RequestHandler, workers: WorkerHandlers): Promise<void>;
  /**
   * Tells when the bus is back after an outage, or its queue had been lost and is there again: what was announced may
   * be gone. The answer takes the listener off.
   */
  onReconnect(listener: () => void): () => void;
  /** Tells, while this bus serves, which runs' text somebody wants in pieces. The answer takes the listener off. */
  onDeltaWish(listener: (namespace: string, runId: string) => void): () => void;
  /**
   * Why this bus stands back although the broker may be there: its work queue is another database's now. It takes no
   * shared request and nothing to or from the queue any more; who asks this orchestrator by name is still answered.
   * Undefined where it does not stand back.
   */
  readonly standsBack: string | undefined;
  /**
   * Whether the broker itself answers within the time: what does not come then is not on its way. False where this bus
   * stands back. Never rejects.
   */
  answers(withinMs: number): Promise<boolean>;
  /** Takes no new requests and resolves when the answers of those taken have been sent. */
  drain(): Promise<void>;
  close(): Promise<void>;
}
