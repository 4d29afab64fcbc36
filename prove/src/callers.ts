// Calls of the contract that are repeated until they are answered: to any gateway, over any outage, with the same key.
// The SDK is not used on purpose: it would hide from the checks what a gateway does.

import type { Rpc } from "@agentspan/e2e";
import { AgentspanError, fromErrorDetails } from "@agentspan/internal";
import { ConnectError } from "@connectrpc/connect";
import { backoffMs, pause } from "./pause.js";
import type { Random } from "./random.js";

const ATTEMPT_MS = 6_000;

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export class Callers<R extends Rpc = Rpc> {
  /** Calls that were made again because their answer did not come. */
  repeated = 0;

  constructor(
    private readonly rpcs: () => readonly R[],
    private readonly random: Random,
  ) {}

  /** One of the ways to the server. */
  any(): R {
    return this.random.pick(this.rpcs());
  }

  /** The answer, or the refusal as AgentspanError; throws the signal's reason where it is aborted first. */
  async ask<T>(call: (rpc: R, options: CallOptions) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failed = 1; ; failed += 1) {
      signal.throwIfAborted();
      try {
        return await call(this.any(), { timeoutMs: ATTEMPT_MS, signal });
      } catch (thrown) {
        signal.throwIfAborted();
        const refusal = refusalOf(thrown);
        if (refusal !== undefined && !refusal.retryable) throw refusal;
        this.repeated += 1;
        await pause(Math.max(refusal?.retryAfterMs ?? 0, backoffMs(failed)), signal);
      }
    }
  }
}

/** What the server itself said; undefined where the call broke on its way. Anything else is a fault of ours, and thrown. */
export function refusalOf(thrown: unknown): AgentspanError | undefined {
  if (thrown instanceof AgentspanError) return thrown;
  if (!(thrown instanceof ConnectError)) throw thrown;
  const packed = thrown.details.flatMap((detail) =>
    "type" in detail ? [{ type: detail.type, value: detail.value }] : [],
  );
  return fromErrorDetails(thrown.rawMessage, packed);
}
