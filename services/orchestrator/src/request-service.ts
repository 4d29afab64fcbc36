// Answers gateways: one method of the public services each. What the caller may see and do is bound to the namespace
// of the envelope; a run of another namespace is not found.
import { AgentspanError, contextUnder, inSpan, type Logger, SpanKind, type SpanSettings } from "@agentspan/internal";
import { type Envelope, type Reply, ReplySchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { toFailure } from "./bus/failures.js";
import type { Meter } from "./meter.js";
import type { EnvelopeGuard } from "./proof/envelope-guard.js";
import {
  type Carrier,
  methods,
  noteOwnRefusal,
  type RequestContext,
  requireKnown,
  requireRole,
} from "./requests/index.js";

export interface RequestServiceOptions {
  readonly orchestratorId: string;
  readonly context: Omit<RequestContext, "namespace" | "caller" | "log">;
  readonly log: Logger;
  /** Asks for a gateway's signature; absent where there are no keys. */
  readonly envelopes?: EnvelopeGuard | undefined;
  /** Whether whoever asks must have been asked by the gateway who it is. */
  readonly authentication: boolean;
  readonly meter?: Pick<Meter, "answered"> | undefined;
}

export class RequestService {
  constructor(private readonly options: RequestServiceOptions) {}

  async handle(envelope: Envelope): Promise<Reply> {
    const { orchestratorId, meter } = this.options;
    const begun = performance.now();
    // What is not known here is counted together: anybody may name anything.
    const method = Object.hasOwn(methods, envelope.method) ? envelope.method : "unknown";
    const answered = (code: string): void => meter?.answered(method, code, (performance.now() - begun) / 1_000);
    try {
      const body = isTraced(envelope)
        ? await inSpan(method, settingsOf(envelope), () => this.answer(envelope, begun))
        : await this.answer(envelope, begun);
      answered("OK");
      return create(ReplySchema, { orchestratorId, outcome: { case: "body", value: body } });
    } catch (thrown) {
      const error = AgentspanError.from(thrown);
      answered(error.code);
      return create(ReplySchema, { orchestratorId, outcome: { case: "failure", value: toFailure(error) } });
    }
  }

  private async answer(envelope: Envelope, begun: number): Promise<Uint8Array> {
    const { context, envelopes, log } = this.options;
    const { method, namespace, caller } = envelope;
    try {
      envelopes?.require(envelope);
      const carryOut = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (carryOut === undefined) throw new AgentspanError("UNIMPLEMENTED", `There is no method ${method} yet.`);
      if (namespace === "" || caller === undefined || caller.subject === "")
        throw new AgentspanError("INVALID_REQUEST", "An envelope says who asks, and where.");
      if (this.options.authentication) requireKnown(caller);
      return await this.carryOut(carryOut, { ...context, namespace, caller, log }, envelope);
    } catch (thrown) {
      const error = AgentspanError.from(thrown);
      const took = Math.round(performance.now() - begun);
      if (error.reason === "INTERNAL") log.error({ method, took, err: error.cause ?? error }, "A request failed");
      else log.debug({ method, took, reason: error.reason }, "A request was refused");
      throw error;
    }
  }

  private async carryOut(carryOut: Carrier, context: RequestContext, { method, body }: Envelope): Promise<Uint8Array> {
    try {
      requireRole(method, context.caller);
      return await carryOut(context, body);
    } catch (thrown) {
      const error = AgentspanError.from(thrown);
      await noteOwnRefusal(context, method, body, error).catch((why) => {
        this.options.log.error({ method, err: why }, "A refusal is missing in the audit");
      });
      throw error;
    }
  }
}

/** Not what gateways ask for themselves, again and again, while somebody watches. */
function isTraced({ method, traceparent }: Envelope): boolean {
  return traceparent !== "" || !method.startsWith("Internal/");
}

function settingsOf({ namespace, traceparent }: Envelope): SpanSettings {
  const attributes = { "agentspan.namespace": namespace };
  return { kind: SpanKind.SERVER, attributes, parent: contextUnder(traceparent) };
}
