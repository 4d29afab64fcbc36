// Answers requests, whatever carries them. Invariants:
// 1. An answer goes only where the asker may listen: a responder that answers blindly can be made to publish into the
//    work queue, or to another worker. Of a worker in an account of its own NATS sees to that.
// 2. What comes in never throws out of here: garbage and failing handlers become answers.
// 3. What is in progress is bounded in number and bytes, gateways and workers apart, so that neither starves the other.
import {
  AgentspanError,
  contextUnder,
  faultPoint,
  faultPointAfterSending,
  INBOX_PREFIX,
  inSpan,
  type Logger,
  OTHER_ACCOUNT_PREFIX,
  parseWorkerSubject,
  SpanKind,
  workerInboxPrefix,
} from "@agentspan/internal";
import { type Envelope, EnvelopeSchema, type Reply, ReplySchema } from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { RequestHandler, WorkerHandlers } from "../ports.js";
import { toFailure } from "./failures.js";
import { formOf, JSON_CONTENT_TYPE, WORKER_EXCHANGES } from "./worker-exchange.js";

/** A request as the carrier hands it over. */
export interface IncomingRequest {
  readonly subject: string;
  /** Where the asker wants its answer; empty where it wants none. */
  readonly reply: string;
  /** Empty where the request has none. */
  readonly contentType: string;
  /** Of the header; a gateway's request has it in its envelope. */
  readonly traceparent?: string | undefined;
  readonly data: Uint8Array;
  /** Sends the answer to `reply`. May throw where the connection is gone. */
  respond(data: Uint8Array, contentType?: string): void;
}

export interface ResponderLimits {
  /** Requests in progress, of gateways and of workers each. */
  readonly inProgress: number;
  /** Bytes of those requests. */
  readonly bytesInProgress: number;
}

export const DEFAULT_RESPONDER_LIMITS: ResponderLimits = { inProgress: 2_000, bytesInProgress: 256 * 1024 * 1024 };

export interface ResponderOptions {
  readonly orchestratorId: string;
  readonly onRequest: RequestHandler;
  readonly workers: WorkerHandlers;
  readonly logger: Logger;
  /** The largest message that the carrier takes now, in bytes. */
  largestAnswer(): number;
  readonly limits?: Partial<ResponderLimits>;
}

const BUSY_RETRY_AFTER_MS = 250;
const WARN_EVERY_MS = 10_000;

type WorkerRequest = NonNullable<ReturnType<typeof parseWorkerSubject>>;

interface Exchange {
  answer(): Promise<Uint8Array>;
  refuse(error: AgentspanError): Uint8Array;
}

export class Responder {
  readonly #options: ResponderOptions;
  readonly #limits: ResponderLimits;
  readonly #gateways: Load = { requests: 0, bytes: 0 };
  readonly #workers: Load = { requests: 0, bytes: 0 };
  #idle: (() => void)[] = [];
  #unanswered = 0;
  #warnAfter = 0;

  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_RESPONDER_LIMITS, ...options.limits };
  }

  /** Takes an Envelope; the answer is a Reply. */
  takeRequest(incoming: IncomingRequest): void {
    if (!mayAnswer(incoming.reply, INBOX_PREFIX)) {
      this.#leaveUnanswered(incoming);
      return;
    }
    const { orchestratorId } = this.#options;
    void this.#exchange(incoming, this.#gateways, {
      answer: async () => {
        const reply = await this.#options.onRequest(readEnvelope(incoming.data));
        if (reply.orchestratorId === "") reply.orchestratorId = orchestratorId;
        return toBinary(ReplySchema, reply);
      },
      refuse: (error) => toBinary(ReplySchema, failed(error, orchestratorId)),
    });
  }

  /** Takes a request of a worker, of any verb. */
  takeWorkerRequest(incoming: IncomingRequest): void {
    const parsed = parseWorkerSubject(incoming.subject);
    if (parsed === undefined || !mayAnswerWorker(incoming.reply, parsed.workerId)) {
      this.#leaveUnanswered(incoming);
      return;
    }
    const { orchestratorId, workers } = this.#options;
    const form = formOf(incoming.contentType);
    const exchange = WORKER_EXCHANGES[parsed.verb];
    const asked = { workerId: parsed.workerId, data: incoming.data, form, orchestratorId };
    void this.#exchange(
      incoming,
      this.#workers,
      {
        answer: () => inTrace(parsed, incoming, () => exchange.answer(workers, asked)),
        refuse: (error) => exchange.refuse(error, asked),
      },
      form === "json" ? JSON_CONTENT_TYPE : undefined,
    );
  }

  /** Resolves when every request that was taken has its answer. */
  idle(): Promise<void> {
    if (this.#gateways.requests + this.#workers.requests === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #exchange(incoming: IncomingRequest, load: Load, exchange: Exchange, contentType?: string): Promise<void> {
    const size = incoming.data.length;
    if (load.requests >= this.#limits.inProgress || load.bytes + size > this.#limits.bytesInProgress) {
      const text = "This orchestrator has as many requests in progress as it takes. Ask again shortly.";
      const busy = new AgentspanError("RATE_LIMITED", text, { retryAfterMs: BUSY_RETRY_AFTER_MS });
      this.#respond(incoming, exchange.refuse(busy), contentType);
      return;
    }
    load.requests += 1;
    load.bytes += size;
    try {
      const answer = await this.#answerOf(incoming, exchange);
      faultPoint("orchestrator.before-answer");
      this.#respond(incoming, answer, contentType);
      faultPointAfterSending("orchestrator.after-answer");
    } finally {
      load.requests -= 1;
      load.bytes -= size;
      this.#wakeIfIdle();
    }
  }

  async #answerOf(incoming: IncomingRequest, exchange: Exchange): Promise<Uint8Array> {
    try {
      const answer = await exchange.answer();
      const largest = this.#options.largestAnswer();
      if (answer.length <= largest) return answer;
      const text = `The answer has ${answer.length} bytes, and a message takes ${largest}. Ask for less at once.`;
      const metadata = { limit: "message_bytes", most: String(largest), size: String(answer.length) };
      return exchange.refuse(new AgentspanError("LIMIT_EXCEEDED", text, { metadata }));
    } catch (thrown) {
      const error = AgentspanError.from(thrown);
      if (error.reason === "INTERNAL") {
        this.#options.logger.error(
          { err: thrown, subject: incoming.subject },
          "A request failed for no reason we know",
        );
      }
      return exchange.refuse(error);
    }
  }

  #respond(incoming: IncomingRequest, data: Uint8Array, contentType: string | undefined): void {
    try {
      incoming.respond(data, contentType);
    } catch (err) {
      this.#options.logger.warn({ err, subject: incoming.subject }, "An answer could not be sent");
    }
  }

  /** One line in a while: whoever asks this way may ask very often. */
  #leaveUnanswered({ subject, reply }: IncomingRequest): void {
    this.#unanswered += 1;
    const now = performance.now();
    if (now < this.#warnAfter) return;
    const fields = { subject: subject.slice(0, 200), reply: reply.slice(0, 200), requests: this.#unanswered };
    this.#options.logger.warn(
      fields,
      "Left requests unanswered: their reply subject is not one that the asker may use",
    );
    this.#unanswered = 0;
    this.#warnAfter = now + WARN_EVERY_MS;
  }

  #wakeIfIdle(): void {
    if (this.#idle.length === 0 || this.#gateways.requests + this.#workers.requests > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}

/** A span where the worker says of which trace it is. */
function inTrace<T>({ verb, workerId }: WorkerRequest, { traceparent }: IncomingRequest, work: () => Promise<T>) {
  if (traceparent === undefined) return work();
  const attributes = { "agentspan.worker.id": workerId };
  return inSpan(`worker ${verb}`, { kind: SpanKind.SERVER, attributes, parent: contextUnder(traceparent) }, work);
}

interface Load {
  requests: number;
  bytes: number;
}

function mayAnswerWorker(reply: string, workerId: string): boolean {
  return mayAnswer(reply, `${workerInboxPrefix(workerId)}.`) || mayAnswer(reply, OTHER_ACCOUNT_PREFIX);
}

/** Whether a reply subject has the prefix, and is a subject: tokens without wildcards after it. */
function mayAnswer(reply: string, prefix: string): boolean {
  return reply.startsWith(prefix) && /^[^\s.*>]+(\.[^\s.*>]+)+$/.test(reply);
}

function readEnvelope(data: Uint8Array): Envelope {
  let envelope: Envelope;
  try {
    envelope = fromBinary(EnvelopeSchema, data);
  } catch (cause) {
    throw new AgentspanError("INVALID_REQUEST", "The body is no envelope.", { cause });
  }
  if (envelope.method === "") throw new AgentspanError("INVALID_REQUEST", "The envelope names no method.");
  return envelope;
}

function failed(error: AgentspanError, orchestratorId: string): Reply {
  return create(ReplySchema, { outcome: { case: "failure", value: toFailure(error) }, orchestratorId });
}
