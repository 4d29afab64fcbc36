// The SDK's transport straight to a gateway's methods: the handlers check and forward what is asked as they do behind a
// port, and what they forward goes through its bytes. What is left out is HTTP and who is calling.
import { setMaxListeners } from "node:events";
import { ANONYMOUS, type Context, DEFAULT_NAMESPACE, type Method } from "@agentspan/gateway/in-process";
import { AgentspanError } from "@agentspan/internal";
import type { DescMethod, MessageShape } from "@bufbuild/protobuf";
import { linkedSignal } from "../../linked-signal.js";
import type { RpcTransport } from "../../rpc/transport.js";

export function memoryTransport(methods: readonly Method[]): RpcTransport {
  const byName = new Map(methods.map((method) => [nameOf(method.desc), method]));
  const closed = new AbortController();
  // Every call listens to it.
  setMaxListeners(0, closed.signal);
  return {
    address: "the kit's stack in memory",
    unary: async (method, request, { signal }) => {
      const found = byName.get(nameOf(method));
      if (found?.kind !== "unary") throw unknown(method);
      signal?.throwIfAborted();
      try {
        const answer = await found.handle(request, contextOf(signal ?? closed.signal));
        return answer as MessageShape<typeof method.output>;
      } catch (error) {
        signal?.throwIfAborted();
        throw AgentspanError.from(error);
      }
    },
    stream: async function* (method, request, signal) {
      const found = byName.get(nameOf(method));
      if (found?.kind !== "server_streaming") throw unknown(method);
      // Handlers listen to the signal of a call and stay there.
      const linked = linkedSignal(signal);
      const close = () => linked.end();
      closed.signal.addEventListener("abort", close, { once: true });
      try {
        for await (const answer of found.handle(request, contextOf(linked.signal))) {
          yield answer as MessageShape<typeof method.output>;
        }
      } catch (error) {
        signal.throwIfAborted();
        throw AgentspanError.from(error);
      } finally {
        closed.signal.removeEventListener("abort", close);
        linked.end();
      }
    },
    close: () => closed.abort(),
  };
}

function nameOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

function contextOf(signal: AbortSignal): Context {
  return { signal, address: "", header: () => undefined, caller: ANONYMOUS, namespace: DEFAULT_NAMESPACE };
}

function unknown(method: DescMethod): AgentspanError {
  return new AgentspanError("INTERNAL", `The gateway has no method ${nameOf(method)}.`);
}
