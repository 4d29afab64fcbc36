// Shows the orchestrators the permits of the credentials that let workers in, as the workers themselves would. So the
// newest of a worker limits what older ones let it serve, also where it goes on with what it registered before, and
// shows the new one to nobody.
import { setTimeout as delay } from "node:timers/promises";
import { AgentspanError, natsAddress, newId, workerInboxPrefix, workerSubject } from "@agentspan/internal";
import { RegisterRequestSchema, RegisterResponseSchema, type WorkerPermit } from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { connect, type NatsConnection } from "nats";

const ANSWER_WITHIN_MS = 5_000;
const AGAIN_MS = 1_000;

interface Shown {
  readonly workerId: string;
  readonly permit: WorkerPermit;
}

export class ShownPermits {
  readonly #natsUrl: string;
  readonly #onProgress: (line: string) => void;
  readonly #stopped = new AbortController();
  readonly #done = new Set<string>();
  #waiting: readonly Shown[] = [];
  #working: Promise<void> | undefined;

  /** With a login that may speak for every worker. */
  constructor(natsUrl: string, onProgress: (line: string) => void) {
    this.#natsUrl = natsUrl;
    this.#onProgress = onProgress;
  }

  /** Shows, in the background and until it is answered, what it has not shown yet. */
  show(permits: readonly WorkerPermit[]): void {
    this.#waiting = permits
      .flatMap((permit) => permit.workers.map((workerId) => ({ workerId, permit })))
      .filter((one) => !this.#done.has(keyOf(one)));
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** What is on its way ends with the servers. */
  stop(): void {
    this.#stopped.abort();
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopped;
    let told = false;
    while (this.#waiting.length > 0 && !signal.aborted) {
      try {
        await this.#showAll();
      } catch (error) {
        if (signal.aborted) return;
        if (!told) this.#onProgress(`The permits of workers could not be shown, and are again: ${String(error)}`);
        told = true;
        // It rejects when it is stopped, which ends the loop.
        await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #showAll(): Promise<void> {
    const nats = await connect({ ...natsAddress(this.#natsUrl, undefined), name: "local server", reconnect: false });
    try {
      for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
        const refusal = await showOne(nats, next);
        if (refusal !== undefined) this.#onProgress(`The permit of worker ${next.workerId} was refused: ${refusal}`);
        this.#done.add(keyOf(next));
        this.#waiting = this.#waiting.filter((one) => !this.#done.has(keyOf(one)));
      }
    } finally {
      await nats.close();
    }
  }
}

/**
 * As a start of the worker that serves nothing: what there is to say is the permit. Resolves to why it was refused for
 * good, where it was; rejects where it is to be shown again.
 */
async function showOne(nats: NatsConnection, { workerId, permit }: Shown): Promise<string | undefined> {
  const request = create(RegisterRequestSchema, { workerId, incarnation: `permit-of-${workerId}`, permit });
  const { data } = await nats.request(workerSubject(workerId, "register"), toBinary(RegisterRequestSchema, request), {
    timeout: ANSWER_WITHIN_MS,
    noMux: true,
    reply: `${workerInboxPrefix(workerId)}.${newId("shown")}`,
  });
  const { error } = fromBinary(RegisterResponseSchema, data);
  if (error?.retryAfter !== undefined) throw new AgentspanError("STORE_UNAVAILABLE", error.message);
  return error?.message;
}

function keyOf({ workerId, permit }: Shown): string {
  return `${workerId} ${Buffer.from(permit.signature).toString("base64url")}`;
}
