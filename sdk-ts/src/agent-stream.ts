import type { AgentHandle, ApproveResult, DecideResult } from "./agent-handle.js";
import type { AgentResult } from "./agent-result.js";
import type { ApproveOptions, DecideOptions } from "./decide-options.js";
import type { OptionKinds } from "./option-check.js";
import type { RunEvent } from "./run-event.js";

export interface StreamOptions {
  /** Events with a larger sequence; all where unset. */
  readonly after?: number;
  /** Also pieces of the model's text as they come. */
  readonly includeDeltas?: boolean;
  /** Ends the iteration with its reason. */
  readonly signal?: AbortSignal;
}

export const STREAM_OPTIONS: OptionKinds<StreamOptions> = {
  after: "count",
  includeDeltas: "flag",
  signal: "signal",
};

/**
 * A run's events, each once and in order, over broken connections, until the run has ended. Breaking out of a loop
 * releases the connection; a later loop goes on after the last event that was given. One loop at a time.
 *
 * @example
 * for await (const event of stream(agent, "Refund ORD-8821")) {
 *   if (event.type === "tool_call") console.log(`calling ${event.toolName}`);
 *   else if (event.type === "done") console.log(event.output.result);
 * }
 */
export class AgentStream implements AsyncIterable<RunEvent> {
  readonly #handle: Promise<AgentHandle>;
  readonly #options: StreamOptions;
  #after: number;

  constructor(handle: AgentHandle | Promise<AgentHandle>, options: StreamOptions = {}) {
    this.#handle = Promise.resolve(handle);
    // A start that failed is told to whoever uses the stream; unused, it must not end the process.
    this.#handle.catch(() => undefined);
    this.#options = options;
    this.#after = options.after ?? 0;
  }

  /** The run's handle, once the run is stored. */
  handle(): Promise<AgentHandle> {
    return this.#handle;
  }

  /** Approves what the last `waiting` event showed; see AgentHandle.approve. */
  async approve(options?: ApproveOptions): Promise<ApproveResult> {
    return (await this.#handle).approve(options);
  }

  /** Rejects what the last `waiting` event showed; see AgentHandle.reject. */
  async reject(reason: string, options?: DecideOptions): Promise<DecideResult> {
    return (await this.#handle).reject(reason, options);
  }

  /** Answers what the last `waiting` event showed; see AgentHandle.respond. */
  async respond(content: unknown, options?: DecideOptions): Promise<DecideResult> {
    return (await this.#handle).respond(content, options);
  }

  /** Waits until the run has ended and says what became of it. Takes no events away from a loop. */
  async getResult(): Promise<AgentResult> {
    const { signal } = this.#options;
    return (await this.#handle).result(signal ? { signal } : {});
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    const stop = new AbortController();
    const events = this.#events(stop);
    return {
      next: () => events.next(),
      return: async () => {
        // Not queued behind a next() that waits for days.
        stop.abort();
        await events.return(undefined);
        return { done: true, value: undefined };
      },
    };
  }

  async *#events(stop: AbortController): AsyncGenerator<RunEvent, undefined> {
    try {
      const handle = await this.#handle;
      const signal = this.#options.signal ? AbortSignal.any([this.#options.signal, stop.signal]) : stop.signal;
      const feed = { after: this.#after, includeDeltas: this.#options.includeDeltas ?? false, signal };
      for await (const event of handle.events(feed, this.#options.signal)) {
        this.#after = Math.max(this.#after, event.sequence);
        yield event;
      }
    } finally {
      stop.abort();
    }
  }
}
