// Traces. Only OpenTelemetry's API is known here, which does nothing until somebody registers an SDK: our services where
// the standard variables ask for it (tracing-start.ts), a program that uses the SDK of ours by itself.
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { AgentspanError } from "./errors.js";

export { type Attributes, type Span, SpanKind } from "@opentelemetry/api";

/** Of W3C trace context: version, trace, span, flags. A later version may have more behind them. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const PROBE = createContextKey("agentspan.is-context-kept");

/** Whether contexts are kept here, as they are where an SDK is registered. Costs next to nothing. */
export function isTracing(): boolean {
  return context.with(ROOT_CONTEXT.setValue(PROBE, true), () => context.active().getValue(PROBE) === true);
}

/** A span's place in a W3C traceparent header; undefined where there is no valid span. */
export function traceparentOf(span: SpanContext | undefined): string | undefined {
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, "0")}`;
}

/** Of the span that this code runs in; undefined where it runs in none. */
export function activeTraceparent(): string | undefined {
  return traceparentOf(trace.getSpanContext(context.active()));
}

/** The span that a header names; undefined where it names none. */
export function spanOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId = "", spanId = "", flags = ""] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}

/** Where a header's span is the parent of what begins; a trace of its own begins where it names none. */
export function contextUnder(traceparent: string | undefined): Context {
  const span = spanOf(traceparent);
  return span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
}

/** Runs work as if it were part of that span; outside of every span where the header names none. */
export function under<T>(traceparent: string | undefined, work: () => T): T {
  return context.with(contextUnder(traceparent), work);
}

export interface SpanSettings {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** The span under which it begins; the active one unless said. */
  readonly parent?: Context;
}

/** What a server answers where the fault is its own; with other codes it is the asker's, and no error of the span. */
const OUR_FAULT = new Set(["INTERNAL", "UNAVAILABLE", "UNIMPLEMENTED"]);

/**
 * Does work inside a span, which ends with it. What is thrown stands there as error.type, one of the contract's reasons,
 * and never with its message, which may hold what nobody should read in a trace.
 */
export function inSpan<T>(name: string, settings: SpanSettings, work: (span: Span) => Promise<T>): Promise<T> {
  const { kind = SpanKind.INTERNAL, attributes = {}, parent = context.active() } = settings;
  // Asked for each time: the SDK may have been registered through another copy of the API, and later than this was loaded.
  return trace.getTracer("agentspan").startActiveSpan(name, { kind, attributes }, parent, async (span) => {
    try {
      return await work(span);
    } catch (thrown) {
      const error = thrown instanceof AgentspanError ? thrown : undefined;
      if (error !== undefined) span.setAttribute("rpc.response.status_code", error.code);
      span.setAttribute("error.type", error?.reason ?? nameOf(thrown));
      if (kind !== SpanKind.SERVER || error === undefined || OUR_FAULT.has(error.code))
        span.setStatus({ code: SpanStatusCode.ERROR });
      throw thrown;
    } finally {
      span.end();
    }
  });
}

/** The span that this code runs in, to say more of it. */
export function activeSpan(): Span | undefined {
  return trace.getActiveSpan();
}

/** Points from the active span to one that it goes on from without being part of it, such as what a person was asked by. */
export function linkTo(traceparent: string | undefined): void {
  const span = spanOf(traceparent);
  if (span !== undefined) trace.getActiveSpan()?.addLink({ context: span });
}

/** What a line of the log says of the span that it is written in; the names are those of OpenTelemetry's logs. */
export function logFields(): Record<string, string> {
  const span = trace.getSpanContext(context.active());
  if (span === undefined || !isSpanContextValid(span)) return {};
  const { traceId, spanId, traceFlags } = span;
  return { trace_id: traceId, span_id: spanId, trace_flags: traceFlags.toString(16).padStart(2, "0") };
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : "_OTHER";
}
