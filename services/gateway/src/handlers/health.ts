// grpc.health.v1: load balancers and probes ask it.
import { AgentspanError, health } from "@agentspan/internal";
import { create } from "@bufbuild/protobuf";
import type { Context } from "../context.js";
import { type Method, PlainStatus, serverStreaming, unary } from "../method.js";
import type { Readiness } from "../readiness.js";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = health.HealthCheckResponse_ServingStatus;

/** `services` are the names that may be asked for; all of them stand and fall together. */
export function healthMethods(readiness: Readiness, services: readonly string[]): readonly Method[] {
  // The empty name is the server as a whole.
  const known = new Set(["", ...services]);
  const { check, watch, list } = health.Health.method;
  const status = async () => ((await readiness.ready()) ? SERVING : NOT_SERVING);
  const response = (is: health.HealthCheckResponse_ServingStatus) =>
    create(health.HealthCheckResponseSchema, { status: is });

  return [
    unary(check, async ({ service }) => {
      if (known.has(service)) return response(await status());
      throw new PlainStatus("NOT_FOUND", `This server has no service "${service.slice(0, 200)}".`);
    }),
    unary(list, async () => {
      const one = response(await status());
      return create(health.HealthListResponseSchema, {
        statuses: Object.fromEntries([...known].map((name) => [name, one])),
      });
    }),
    serverStreaming(watch, async function* ({ service }, context) {
      if (!known.has(service)) {
        yield response(SERVICE_UNKNOWN);
        await aborted(context.signal);
        throw context.signal.reason;
      }
      yield* changes(readiness, context, async () => response(await status()));
    }),
  ];
}

async function* changes(
  readiness: Readiness,
  { signal }: Context,
  read: () => Promise<health.HealthCheckResponse>,
): AsyncGenerator<health.HealthCheckResponse> {
  let wake: (() => void) | undefined;
  const off = readiness.follow(() => wake?.());
  signal.addEventListener("abort", off, { once: true });
  signal.addEventListener("abort", () => wake?.(), { once: true });
  try {
    for (let last: number | undefined; ; ) {
      const news = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const now = await read();
      if (signal.aborted) throw signal.reason;
      if (now.status !== last) yield now;
      last = now.status;
      if (readiness.stopping) throw new AgentspanError("BUS_UNAVAILABLE", "This gateway is stopping. Connect again.");
      await news;
    }
  } finally {
    off();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
