// Spans of OTLP as the receiver decodes them, made plain.

/** What is used of opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest. */
export interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  readonly name: string;
  readonly kind: number | string;
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array | null;
  readonly startTimeUnixNano: { toString(): string };
  readonly endTimeUnixNano: { toString(): string };
  readonly attributes: readonly OtlpAttribute[];
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[];
  readonly status?: { readonly code?: number | string } | null;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentId: string;
  /** When it began, milliseconds since the epoch, and how long it took. */
  readonly startMs: number;
  readonly ms: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
}

const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

export function spansOf({ resourceSpans }: OtlpTraces): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = plain(resource.attributes)["service.name"] ?? "";
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => received(service, span)));
  });
}

function received(service: string, span: OtlpSpan): ReceivedSpan {
  const took = BigInt(span.endTimeUnixNano.toString()) - BigInt(span.startTimeUnixNano.toString());
  const { code } = span.status ?? {};
  return {
    service,
    name: span.name,
    kind: typeof span.kind === "number" ? (KINDS[span.kind] ?? "") : span.kind.replace("SPAN_KIND_", ""),
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentId: hex(span.parentSpanId ?? new Uint8Array()),
    startMs: Number(BigInt(span.startTimeUnixNano.toString()) / 1000n) / 1e3,
    ms: Number(took) / 1e6,
    attributes: plain(span.attributes),
    links: span.links.map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
    failed: code === 2 || code === "STATUS_CODE_ERROR",
  };
}

/** Every value as text. */
function plain(attributes: readonly OtlpAttribute[]): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, textOf(value)]));
}

function textOf(value: Readonly<Record<string, unknown>>): string {
  const { arrayValue } = value;
  if (typeof arrayValue === "object" && arrayValue !== null && "values" in arrayValue) {
    return (arrayValue.values as readonly Readonly<Record<string, unknown>>[]).map(textOf).join(",");
  }
  const said = ["stringValue", "intValue", "doubleValue", "boolValue"].find((kind) => Object.hasOwn(value, kind));
  return String(said === undefined ? "" : value[said]);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
