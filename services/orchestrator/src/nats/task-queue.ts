// Puts hints into the work queue and takes them out.
import {
  AgentspanError,
  callFilter,
  type Logger,
  TASK_STREAM,
  type TaskAddress,
  taskSubject,
  traceHeaders,
} from "@agentspan/internal";
import { TaskHintSchema } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import type { JetStreamClient, JetStreamManager } from "nats";
import { InFlight } from "./in-flight.js";
import type { NatsLink } from "./nats-link.js";
import { nameOf } from "./task-stream.js";
import { JetStreamCodes, jetStreamError, nobodyListens, unavailable } from "./unavailable.js";

const ANSWER_LIMIT_MS = 2_500;
const MOST_IN_FLIGHT = 1_024;
const MOST_WAITING = 10_000;
const QUEUE_FULL_RETRY_AFTER_MS = 5_000;

/** Saves asking whether the message is there. The truth is what the stream holds: a full stream may refuse it first. */
const TEXT_OF_SUBJECT_TAKEN = "maximum messages per subject exceeded";

type Refusal = "already_there" | "no_stream" | "full";

export class TaskQueue {
  readonly #inFlight = new InFlight(MOST_IN_FLIGHT, MOST_WAITING);

  constructor(
    private readonly link: NatsLink,
    private readonly client: JetStreamClient,
    private readonly manager: JetStreamManager,
    /** Makes stream and consumers again; shared by all who wait for it. */
    private readonly restore: () => Promise<void>,
    private readonly logger: Logger,
  ) {}

  /** Rejects with BUS_UNAVAILABLE; then the hint may be there or not, and announcing again is safe. */
  async announce(task: TaskAddress, orchestratorId: string): Promise<"announced" | "already_there"> {
    const subject = taskSubject(task);
    const { runId, callId, attempt } = task;
    const hint = toBinary(TaskHintSchema, create(TaskHintSchema, { runId, callId, attempt, orchestratorId }));
    return this.#inFlight.run(async () => {
      let answer = await this.#store(subject, hint);
      if (answer === "no_stream") {
        await this.restore();
        answer = await this.#store(subject, hint);
      }
      if (answer === "already_there" && (await this.#takeLeftBehind(task, subject))) {
        answer = await this.#store(subject, hint);
      }
      if (answer === "announced" || answer === "already_there") return answer;
      throw answer === "full" ? queueFull(task) : unavailable(tried(task), new Error("no stream takes it"));
    });
  }

  /** Rejects with BUS_UNAVAILABLE. No stream holds no hints. */
  async withdraw(call: Omit<TaskAddress, "attempt">): Promise<void> {
    const what = `The hints of call ${call.callId} of run ${call.runId} were to be withdrawn`;
    this.link.demand(what);
    try {
      await this.#inFlight.run(() => this.manager.streams.purge(TASK_STREAM, { filter: callFilter(call) }));
    } catch (thrown) {
      if (jetStreamError(thrown)?.code !== JetStreamCodes.STREAM_NOT_FOUND) throw unavailable(what, thrown);
    }
  }

  async #store(subject: string, hint: Uint8Array): Promise<"announced" | Refusal> {
    const what = `A hint was to be stored at ${subject}`;
    this.link.demand(what);
    try {
      const options = { timeout: ANSWER_LIMIT_MS, expect: { streamName: TASK_STREAM } };
      await this.client.publish(subject, hint, { ...options, ...traceHeaders() });
      return "announced";
    } catch (thrown) {
      if (nobodyListens(thrown)) return "no_stream";
      const error = jetStreamError(thrown);
      if (error?.code !== JetStreamCodes.STORE_FAILED) throw unavailable(what, thrown);
      if (error.description === TEXT_OF_SUBJECT_TAKEN) return "already_there";
      return (await this.#isThere(subject)) ? "already_there" : "full";
    }
  }

  /**
   * A hint that the consumer has done with, and that is in the queue all the same, is given to nobody, and keeps others
   * of its subject out. NATS leaves such behind now and then when connections are lost. Whether it took one out.
   */
  async #takeLeftBehind(task: TaskAddress, subject: string): Promise<boolean> {
    try {
      const { seq } = await this.manager.streams.getMessage(TASK_STREAM, { last_by_subj: subject });
      const { ack_floor: done } = await this.manager.consumers.info(TASK_STREAM, nameOf(task));
      if (seq > done.stream_seq) return false;
      await this.manager.streams.deleteMessage(TASK_STREAM, seq, false);
    } catch (thrown) {
      // It was taken meanwhile, or nobody can tell: it is looked at again with the next announcement.
      const reason = AgentspanError.from(thrown).message;
      this.logger.debug({ subject, reason }, "Whether a hint was left behind could not be told");
      return false;
    }
    const { runId, callId } = task;
    this.logger.warn({ runId, callId }, "A hint was left behind in the work queue; it is put there anew");
    return true;
  }

  async #isThere(subject: string): Promise<boolean> {
    try {
      await this.manager.streams.getMessage(TASK_STREAM, { last_by_subj: subject });
      return true;
    } catch (thrown) {
      if (jetStreamError(thrown)?.code === JetStreamCodes.MESSAGE_NOT_FOUND) return false;
      throw unavailable(`The stream was to be asked whether it holds ${subject}`, thrown);
    }
  }
}

function tried({ runId, callId, attempt }: TaskAddress): string {
  return `Attempt ${attempt} of call ${callId} of run ${runId} was to be announced`;
}

function queueFull(task: TaskAddress): AgentspanError {
  const text = `${tried(task)}, but the work queue ${TASK_STREAM} is full. It is announced again later; start workers that serve ${task.queue}/${task.tool}, or raise the stream's limits.`;
  return new AgentspanError("BUS_UNAVAILABLE", text, { retryAfterMs: QUEUE_FULL_RETRY_AFTER_MS });
}
