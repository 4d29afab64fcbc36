// A worker without the SDK, that says on the bus what a test wants said, and nothing by itself: no heartbeat either.
import { workerInboxPrefix, workerSubject } from "@agentspan/internal";
import {
  ClaimRequestSchema,
  type ClaimResponse,
  ClaimResponseSchema,
  CompleteRequestSchema,
  type CompleteResponse,
  CompleteResponseSchema,
  HeartbeatRequestSchema,
  type HeartbeatResponse,
  HeartbeatResponseSchema,
  RefusalReason,
  RegisterRequestSchema,
  type RegisterResponse,
  RegisterResponseSchema,
  type WorkerPermit,
  type WorkerToolSchema,
} from "@agentspan/proto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { connect, type NatsConnection } from "nats";

type Fields<S extends typeof ClaimRequestSchema | typeof CompleteRequestSchema> = Exclude<
  MessageInitShape<S>,
  { $typeName: string }
>;

const TIMEOUT = { timeout: 10_000 } as const;

export class RawWorker {
  private counter = 0n;

  private constructor(
    private readonly nats: NatsConnection,
    private readonly identity: { readonly workerId: string; readonly incarnation: string },
  ) {}

  static async connect(natsUrl: string, workerId: string, incarnation = `${workerId}-raw`): Promise<RawWorker> {
    const { username: user, password: pass, host } = new URL(natsUrl);
    const login = user === "" ? {} : { user, pass };
    const nats = await connect({ servers: host, ...login, inboxPrefix: workerInboxPrefix(workerId) });
    return new RawWorker(nats, { workerId, incarnation });
  }

  /** At any orchestrator, or at the one that is named; so it is of all of these. */
  async register(
    tools: readonly MessageInitShape<typeof WorkerToolSchema>[],
    at?: string,
    permit?: WorkerPermit,
  ): Promise<RegisterResponse> {
    const shown = permit && { permit };
    const request = create(RegisterRequestSchema, { ...this.identity, tools: [...tools], ...shown });
    const { data } = await this.nats.request(
      this.#to("register", at),
      toBinary(RegisterRequestSchema, request),
      TIMEOUT,
    );
    return fromBinary(RegisterResponseSchema, data);
  }

  async claim(task: Fields<typeof ClaimRequestSchema>, at?: string): Promise<ClaimResponse> {
    const request = create(ClaimRequestSchema, { attempt: 1, nonce: "raw-nonce", ...task, ...this.identity });
    const { data } = await this.nats.request(this.#to("claim", at), toBinary(ClaimRequestSchema, request), TIMEOUT);
    return fromBinary(ClaimResponseSchema, data);
  }

  async heartbeat(at?: string): Promise<HeartbeatResponse> {
    this.counter += 1n;
    const request = create(HeartbeatRequestSchema, { ...this.identity, counter: this.counter });
    const body = toBinary(HeartbeatRequestSchema, request);
    const { data } = await this.nats.request(this.#to("heartbeat", at), body, TIMEOUT);
    return fromBinary(HeartbeatResponseSchema, data);
  }

  async complete(task: Fields<typeof CompleteRequestSchema>, at?: string): Promise<CompleteResponse> {
    const request = create(CompleteRequestSchema, { attempt: 1, nonce: "raw-nonce", ...task, ...this.identity });
    const body = toBinary(CompleteRequestSchema, request);
    const { data } = await this.nats.request(this.#to("complete", at), body, TIMEOUT);
    return fromBinary(CompleteResponseSchema, data);
  }

  close(): Promise<void> {
    return this.nats.close();
  }

  #to(verb: "register" | "claim" | "heartbeat" | "complete", at?: string): string {
    return workerSubject(this.identity.workerId, verb, at);
  }
}

/** What a claim was answered, in a word: the reason of an error or a refusal, or "grant". */
export function toldOf({ answer, error }: ClaimResponse): string {
  if (error !== undefined) return error.reason;
  return answer.case === "refusal" ? RefusalReason[answer.value.reason] : (answer.case ?? "nothing");
}
