import { context, propagation, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { afterEach, beforeEach } from "vitest";

/** Records the spans of each test of its block, and takes the SDK away afterwards: it is global, and files share a process. */
export function recordedSpans(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  beforeEach(() => {
    exporter.reset();
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  });
  afterEach(takeTracingAway);
  return exporter;
}

/** From here on nobody traces. */
export function takeTracingAway(): void {
  trace.disable();
  context.disable();
  propagation.disable();
}
