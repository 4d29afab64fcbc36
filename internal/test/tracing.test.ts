import { readFileSync } from "node:fs";
import { context, diag, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { describe, expect, it, vi } from "vitest";
import {
  AgentspanError,
  activeTraceparent,
  ConfigError,
  createLogger,
  inSpan,
  isTracing,
  linkTo,
  SpanKind,
  spanOf,
  startTracing,
  traceparentOf,
  under,
  VERSION,
} from "../src/index.js";
import { recordedSpans } from "./recorded-spans.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const log = createLogger("test", "silent");

describe("a traceparent", () => {
  it.each([PARENT, `00-${TRACE}-00f067aa0ba902b7-00`])("is read and written as it was: %s", (text) => {
    expect(traceparentOf(spanOf(text))).toBe(text);
  });

  it("of a later version is read as far as it is known", () => {
    expect(traceparentOf(spanOf(`01-${TRACE}-00f067aa0ba902b7-01-more`))).toBe(PARENT);
  });

  it.each([
    undefined,
    "",
    "'; drop table",
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
  ])("that is none names no span: %s", (text) => {
    expect(spanOf(text)).toBeUndefined();
  });
});

describe("without an SDK of OpenTelemetry", () => {
  it("work in a span is done, and nothing is told of it", async () => {
    expect(isTracing()).toBe(false);
    expect(await inSpan("work", {}, async () => activeTraceparent())).toBeUndefined();
    expect(under(PARENT, activeTraceparent)).toBeUndefined();
  });
});

describe("with an SDK of OpenTelemetry", () => {
  const exporter = recordedSpans();

  it("a span is part of the trace that a header names", async () => {
    expect(isTracing()).toBe(true);
    const inside = await under(PARENT, () => inSpan("work", {}, async () => activeTraceparent()));
    const [span] = exporter.getFinishedSpans();
    expect(span?.parentSpanContext?.spanId).toBe("00f067aa0ba902b7");
    expect(inside).toBe(`00-${TRACE}-${span?.spanContext().spanId}-01`);
  });

  it("a span tells the reason of an error and not its words", async () => {
    const work = inSpan("work", {}, () => Promise.reject(new Error("the key is sk-123")));
    await expect(work).rejects.toThrow("sk-123");
    const [span] = exporter.getFinishedSpans();
    expect(span?.attributes).toEqual({ "error.type": "Error" });
    expect(span?.events).toEqual([]);
    expect(span?.status).toEqual({ code: 2 });
  });

  it.each([
    ["RUN_NOT_FOUND", "NOT_FOUND", 0],
    ["STORE_UNAVAILABLE", "UNAVAILABLE", 2],
  ] as const)("a server's span is an error only where the fault is its own: %s", async (reason, code, status) => {
    const refuse = () => Promise.reject(new AgentspanError(reason, "no"));
    await expect(inSpan("call", { kind: SpanKind.SERVER }, refuse)).rejects.toMatchObject({ reason });
    const [span] = exporter.getFinishedSpans();
    expect(span?.attributes).toEqual({ "error.type": reason, "rpc.response.status_code": code });
    expect(span?.status.code).toBe(status);
  });

  it("a span links to one of another trace", async () => {
    await inSpan("decide", { parent: ROOT_CONTEXT }, async () => linkTo(PARENT));
    const [span] = exporter.getFinishedSpans();
    expect(span?.links.map(({ context: linked }) => linked.traceId)).toEqual([TRACE]);
    expect(span?.spanContext().traceId).not.toBe(TRACE);
  });

  it("a line of the log names its span", () => {
    const lines: string[] = [];
    const told = createLogger("test", "info", { write: (line) => void lines.push(line) });
    under(PARENT, () => told.info("in it"));
    told.info("outside");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { trace_id: TRACE, span_id: "00f067aa0ba902b7", trace_flags: "01" },
      { msg: "outside" },
    ]);
    expect(lines[1]).not.toContain("trace_id");
  });
});

describe("traces are sent", () => {
  const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };

  it.each([[{}], [{ ...ENDPOINT, OTEL_SDK_DISABLED: "true" }], [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }]])(
    "nowhere unless the environment asks for it: %j",
    async (env) => {
      expect(await startTracing("service", env, log)).toBeUndefined();
      expect(isTracing()).toBe(false);
    },
  );

  it.each(["localhost:4318", "ftp://collector", "nonsense", "http://"])("to no endpoint like %s", async (endpoint) => {
    for (const name of ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]) {
      const refused = await startTracing("service", { ...ENDPOINT, [name]: endpoint }, log).catch((error) => error);
      expect(refused).toBeInstanceOf(ConfigError);
      expect((refused as ConfigError).faults).toEqual([
        `${name} is no URL that begins with http:// or https://, such as http://collector:4318.`,
      ]);
    }
    expect(isTracing()).toBe(false);
  });

  it("by a sampler that is not known no other way than before, and a line says so", async () => {
    vi.stubEnv("OTEL_TRACES_SAMPLER", "somehow");
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", ENDPOINT.OTEL_EXPORTER_OTLP_ENDPOINT);
    const lines: string[] = [];
    const told = createLogger("test", "info", { write: (line) => void lines.push(line) });
    const tracing = await startTracing("service", process.env, told);
    await tracing?.stop();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: "A setting of OpenTelemetry is not taken", said: expect.stringContaining("somehow") },
      { msg: "Traces are sent" },
    ]);
    vi.unstubAllEnvs();
    trace.disable();
    context.disable();
    propagation.disable();
    diag.disable();
  });

  it("by no other way than this program has, and says so", async () => {
    const env = { ...ENDPOINT, OTEL_TRACES_EXPORTER: "zipkin", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    const refused = await startTracing("service", env, log).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as ConfigError).faults).toHaveLength(2);
    expect((refused as ConfigError).message).toContain("port 4318");
  });
});

it("the version that traces tell is that of the package", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect((JSON.parse(text) as { version: string }).version).toBe(VERSION);
});
