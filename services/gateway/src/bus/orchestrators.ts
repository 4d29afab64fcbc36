// The gateway's way to whoever answers: one public request in an Envelope, one Reply back.
//
// A request may reach several orchestrators: one that is slow, a lost connection, a hint that was wrong. That is safe
// because each carries its idempotency key or decision id before it is first sent: all of them give one answer.
import {
  AgentspanError,
  activeTraceparent,
  faultPoint,
  type Logger,
  REASONS,
  type Reason,
  requestSubject,
  type SigningKey,
  sealedEnvelope,
  spanOf,
  traceparentOf,
} from "@agentspan/internal";
import { EnvelopeSchema, type Failure, type Reply, ReplySchema } from "@agentspan/proto";
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Context } from "../context.js";
import type { Bus, Outcome } from "./bus.js";
import { RunAffinity } from "./run-affinity.js";

export interface OrchestratorsOptions {
  readonly bus: Bus;
  readonly log: Logger;
  /** Milliseconds for a request, all its attempts together. */
  readonly timeoutMs: number;
  /** Signs every envelope; absent where there are no keys. */
  readonly signingKey?: SigningKey | undefined;
}

const REMEMBERED_RUNS = 10_000;
/** An orchestrator that has not answered after this share of the time is not waited for alone. */
const PATIENCE_SHARE = 0.3;
const MOST_ATTEMPTS = 3;
/** How long a request waits for NATS to come back, of its whole time. */
const RECONNECT_SHARE = 0.5;
const RETRY_AFTER_MS = 1_000;

/** What an envelope says of the caller; a handler's Context is one. */
export type Asker = Pick<Context, "caller" | "namespace" | "signal" | "header">;

export class Orchestrators {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #timeoutMs: number;
  readonly #signingKey: SigningKey | undefined;
  readonly #affinity = new RunAffinity(REMEMBERED_RUNS);

  constructor({ bus, log, timeoutMs, signingKey }: OrchestratorsOptions) {
    this.#bus = bus;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
    this.#signingKey = signingKey;
  }

  /**
   * Sends a request that has been checked and gives the answer. Rejects with an AgentspanError: the orchestrator's own,
   * or BUS_UNAVAILABLE where none answered; with the signal's reason where the caller went away first.
   */
  async ask<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    context: Asker,
    runId?: string,
  ): Promise<MessageShape<O>> {
    const body = toBinary(method.input, request);
    const answer = await this.exchange(`${method.parent.name}/${method.name}`, body, context, runId);
    return fromBinary(method.output, answer);
  }

  /** The same on bytes, also for what is asked only inside ("Internal/Sequences"). */
  async exchange(method: string, body: Uint8Array, asker: Asker, runId?: string): Promise<Uint8Array> {
    // Sealed anew for each try: an orchestrator believes a signature for a minute only.
    const seal = (): Uint8Array => {
      const data = envelope(method, body, asker, this.#signingKey);
      if (data.length > this.#bus.maxPayload) throw tooLargeForBus(data.length, this.#bus.maxPayload);
      return data;
    };
    faultPoint("gateway.before-forward");
    const reply = await this.#send(seal, method, asker.signal, runId);
    faultPoint("gateway.after-forward");
    if (runId !== undefined && reply.orchestratorId !== "") this.#affinity.set(runId, reply.orchestratorId);
    if (reply.outcome.case === "body") return reply.outcome.value;
    if (reply.outcome.case === "failure") throw this.#refusal(reply.outcome.value, method);
    throw new AgentspanError("INTERNAL", "The server met an error of its own; its log has the details.", {
      cause: new Error(`The reply to ${method} has neither a body nor a failure`),
    });
  }

  async #send(seal: () => Uint8Array, method: string, signal: AbortSignal, runId: string | undefined): Promise<Reply> {
    const endsAt = performance.now() + this.#timeoutMs;
    const open = new Set<Promise<Outcome>>();
    let hint = runId === undefined ? undefined : this.#affinity.get(runId);
    for (let attempts = 1; ; attempts += 1) {
      const leftMs = endsAt - performance.now();
      if (leftMs < 1) throw unanswered(method, this.#timeoutMs);
      open.add(this.#bus.request(requestSubject(hint), seal(), leftMs, signal));
      // One that is slow may still answer, so it is left open; one that hangs must not use up the time of all.
      const patienceMs = attempts < MOST_ATTEMPTS ? this.#timeoutMs * PATIENCE_SHARE : leftMs + 1;
      const outcome = await soonest(open, patienceMs);
      switch (outcome?.kind) {
        case "answered":
          return fromBinary(ReplySchema, outcome.data);
        case "aborted":
          throw signal.reason;
        case "failed":
          throw unavailable("The request could not be sent over NATS. Try again shortly.", outcome.cause);
        case "late":
          throw unanswered(method, this.#timeoutMs);
        case "disconnected":
          // All that were open are gone with the connection.
          open.clear();
          await this.#untilConnected(endsAt, signal);
          break;
        case "nobody":
          if (hint === undefined) throw unavailable("No orchestrator is running. Start one, or try again shortly.");
          open.clear();
          break;
        case undefined:
          break;
        default:
          outcome satisfies never;
      }
      // The one that answered last did not this time: forget it, and ask whoever is there.
      if (runId !== undefined && hint !== undefined) this.#affinity.forget(runId);
      hint = undefined;
    }
  }

  async #untilConnected(endsAt: number, signal: AbortSignal): Promise<void> {
    const waitMs = Math.min(endsAt - performance.now(), this.#timeoutMs * RECONNECT_SHARE);
    const back = await this.#bus.untilConnected(waitMs, signal);
    if (signal.aborted) throw signal.reason;
    if (!back) throw unavailable("The connection to NATS is lost and is being made again. Try again shortly.");
  }

  #refusal(failure: Failure, method: string): AgentspanError {
    if (!isReason(failure.reason)) {
      this.#log.error(
        { method, reason: failure.reason },
        "An orchestrator gave a reason that this gateway does not know",
      );
      return AgentspanError.from(new Error(`Unknown reason ${failure.reason}: ${failure.message}`));
    }
    const wait = failure.retryAfter;
    return new AgentspanError(failure.reason, failure.message, {
      metadata: failure.metadata,
      fields: failure.fields.map(({ field, description }) => ({ field, description })),
      ...(wait ? { retryAfterMs: Number(wait.seconds) * 1_000 + wait.nanos / 1_000_000 } : {}),
    });
  }
}

/** The first outcome, or undefined where none comes within the time. */
function soonest(open: ReadonlySet<Promise<Outcome>>, withinMs: number): Promise<Outcome | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), withinMs);
    for (const attempt of open) {
      void attempt.then((outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
    }
  });
}

function envelope(method: string, body: Uint8Array, asker: Asker, key: SigningKey | undefined): Uint8Array {
  const { namespace } = asker;
  const caller = { ...asker.caller, roles: [...asker.caller.roles], groups: [...asker.caller.groups] };
  const traceparent = activeTraceparent() ?? traceparentOf(spanOf(asker.header("traceparent"))) ?? "";
  return toBinary(EnvelopeSchema, sealedEnvelope({ method, namespace, caller, body, traceparent }, key, Date.now()));
}

function isReason(text: string): text is Reason {
  return (REASONS as readonly string[]).includes(text);
}

function unavailable(message: string, cause?: unknown): AgentspanError {
  return new AgentspanError("BUS_UNAVAILABLE", message, { retryAfterMs: RETRY_AFTER_MS, cause });
}

function unanswered(method: string, timeoutMs: number): AgentspanError {
  return unavailable(
    `No orchestrator answered ${method} within ${timeoutMs} ms; it may have been carried out. Repeating it is safe with the same idempotency key or decision id.`,
  );
}

function tooLargeForBus(size: number, max: number): AgentspanError {
  return new AgentspanError(
    "LIMIT_EXCEEDED",
    `The request has ${size} bytes with its envelope, and the NATS server takes messages of at most ${max}. Raise its max_payload.`,
    { metadata: { limit: "natsMaxPayload", max: String(max), size: String(size) } },
  );
}
