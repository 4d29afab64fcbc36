// What is counted for whoever operates this: every call that was admitted, and who watches.
import { AgentspanError } from "@agentspan/internal";
import type { Message } from "@bufbuild/protobuf";
import type { Guard } from "./auth/guard.js";
import type { Context } from "./context.js";
import { type Method, PlainStatus } from "./method.js";

export interface Meter {
  /** The code is OK or one of the contract. */
  answered(method: string, code: string, seconds: number): void;
  /** A stream began; the answer says that it has ended, however often it is called. */
  streaming(method: string): () => void;
  /** A call was not admitted, for one of the contract's reasons. */
  refused(reason: string): void;
}

/** The method, each of whose calls is counted. */
export function metered(method: Method, meter: Meter): Method {
  const name = `${method.desc.parent.typeName}/${method.desc.name}`;
  switch (method.kind) {
    case "unary":
      return {
        ...method,
        handle: async (request: Message, context: Context) => {
          const begun = performance.now();
          const end = (code: string): void => meter.answered(name, code, (performance.now() - begun) / 1_000);
          try {
            const answer = await method.handle(request, context);
            end("OK");
            return answer;
          } catch (thrown) {
            end(codeOf(thrown));
            throw thrown;
          }
        },
      };
    case "server_streaming":
      return {
        ...method,
        handle: (request: Message, context: Context) =>
          watched(method.handle(request, context), meter.streaming(name), context.signal),
      };
    case "bidi_streaming":
      return {
        ...method,
        handle: (requests: AsyncIterable<Message>, context: Context) =>
          watched(method.handle(requests, context), meter.streaming(name), context.signal),
      };
    default:
      return method satisfies never;
  }
}

/** With connect-node, a generator that is blocked in `yield` when its client dies never gets to its finally. */
async function* watched(
  messages: AsyncIterable<Message>,
  end: () => void,
  signal: AbortSignal,
): AsyncIterable<Message> {
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    yield* messages;
  } finally {
    end();
  }
}

/** The guard, each of whose refusals is counted. */
export function meteredGuard(guard: Guard, meter: Meter): Guard {
  return {
    contextOf: (identity, method, call) => guard.contextOf(identity, method, call),
    refusal: (provenance) => {
      const refusal = guard.refusal(provenance);
      if (refusal !== undefined) meter.refused(refusal.reason);
      return refusal;
    },
    admit: async (method, shown) => {
      try {
        return await guard.admit(method, shown);
      } catch (thrown) {
        meter.refused(AgentspanError.from(thrown).reason);
        throw thrown;
      }
    },
  };
}

function codeOf(thrown: unknown): string {
  return thrown instanceof PlainStatus ? thrown.code : AgentspanError.from(thrown).code;
}
