// What is seen from outside of one refund: asked for by a client, tried again, approved by a person, told to a webhook.
// Spans go to a receiver of OTLP, figures to a real Prometheus, both in processes of their own.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { WebhookService } from "@agentspan/proto";
import { runCommand } from "@agentspan/servers";
import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Collector,
  deskAgent,
  Prometheus,
  prometheusPrograms,
  type ReceivedSpan,
  Stack,
  until,
  WebhookReceiver,
} from "../../src/index.js";
import { call, ended, REFUND, refusal, startRun, theApproval } from "../desk-run.js";
import {
  ALERT_TESTS,
  ALERTS,
  alertNames,
  dashboardExpressions,
  documentedFigures,
  documentedSpans,
  figuresIn,
} from "../documented-telemetry.js";

const TRACED = fileURLToPath(new URL("../../dist/traced-program.js", import.meta.url));
const ENDED = { runId: "", approvalId: "" };

let collector: Collector;
let stack: Stack;
let receiver: WebhookReceiver;
let provider: NodeTracerProvider;
let stopWatching: () => void;
let run = ENDED;
let spans: readonly ReceivedSpan[] = [];
const programs = await prometheusPrograms();

beforeAll(async () => {
  collector = await Collector.start();
  const url = `${collector.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`;
  provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": "client" }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
  });
  provider.register();
  const env = {
    ...collector.env,
    AGENTSPAN_MANAGEMENT_PORT: "0",
    AGENTSPAN_SURVEY: "1s",
    AGENTSPAN_WEBHOOK_ALLOW: "127.0.0.1",
    AGENTSPAN_LOG_LEVEL: "debug",
  };
  stack = await Stack.start({ workers: 0, env });
  const ofItsOwn = { OTEL_SERVICE_NAME: "worker", NODE_OPTIONS: `--import=${TRACED}` };
  await stack.addWorker({ env: { ...collector.env, ...ofItsOwn } });
  receiver = await WebhookReceiver.start(stack.gateway().url);
  await refund();
  spans = await until("the spans have come", async () => {
    await provider.forceFlush();
    const received = await collector.spans();
    const wanted = ["chat desk", "execute_tool get_order", "execute_tool refund", "agentspan.v1.RunService/Approve"];
    const chats = received.filter(({ name }) => name === "chat desk");
    const isWhole = chats.length === 4 && wanted.every((name) => received.some((span) => span.name === name));
    return isWhole && of("client", "agentspan.v1.RunService/GetStatus", received).some(isRefused) && received;
  });
});

afterAll(async () => {
  stopWatching?.();
  await provider?.shutdown();
  trace.disable();
  await Promise.all([receiver?.stop(), stack?.stop(), collector?.stop()]);
});

/** Everything that the page tells of happens once at least. */
async function refund(): Promise<void> {
  const runtime = stack.runtime();
  const { secret } = await runtime.client.call(WebhookService.method.createWebhook, { url: receiver.url });
  await receiver.set({ secret });
  const steps = [call("get_order", { failures: 1 }), call("refund", REFUND), { text: "Refunded." }];
  const agent = deskAgent("desk", { temperature: 0.2, maxTokens: 400 });
  const started = await startRun(stack, "seen from outside", steps, { agent });
  const { approvalId } = await theApproval(started);
  await started.handle.approve();
  await ended(started);
  run = { runId: started.runId, approvalId };
  await until("the webhook is told", async () =>
    (await receiver.heard()).some(({ type, answered }) => type === "run.ended" && answered === 204),
  );
  await refusal(runtime.handle("run_of_nobody").getStatus(), "RUN_NOT_FOUND");
  // A name that is not this machine's is not admitted.
  const { port } = new URL(stack.gateway().url);
  await fetch(`http://127.0.0.1:${port}/agentspan.v1.RunService/GetStatus`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: "https://elsewhere.test" },
    body: "{}",
  });
  // Another waits, and is watched.
  const waiting = await startRun(stack, "waits", [call("refund", REFUND), { text: "ok" }]);
  await theApproval(waiting);
  const abort = new AbortController();
  stopWatching = () => abort.abort();
  const watch = stack.rpc().runs.streamEvents({ runId: waiting.runId }, { signal: abort.signal });
  const [first] = [await watch[Symbol.asyncIterator]().next()];
  expect(first.done).toBe(false);
}

const isRefused = ({ attributes }: ReceivedSpan): boolean => attributes["error.type"] === "RUN_NOT_FOUND";

function of(service: string, name: string, among = spans): readonly ReceivedSpan[] {
  return among.filter((span) => span.service === service && span.name === name);
}

function one(service: string, name: string, which: (span: ReceivedSpan) => boolean = () => true): ReceivedSpan {
  const found = of(service, name).filter(which);
  expect(found, `${service} ${name}`).toHaveLength(1);
  return found[0] as ReceivedSpan;
}

function expectChild(child: ReceivedSpan, parent: ReceivedSpan): void {
  expect({ trace: child.traceId, parent: child.parentId }, child.name).toEqual({
    trace: parent.traceId,
    parent: parent.spanId,
  });
}

describe("a trace", () => {
  const turn = (number: number) => (span: ReceivedSpan) =>
    span.attributes["agentspan.turn"] === String(number) && span.attributes["agentspan.run.id"] === run.runId;
  const ofRun = (span: ReceivedSpan) => span.attributes["agentspan.run.id"] === run.runId;
  const started = () => one("agentspan-orchestrator", "RunService/Start", ofRun);
  const approved = () => one("agentspan-orchestrator", "RunService/Approve", ofRun);

  it("goes from the client over gateway and orchestrator to the model and the worker", () => {
    const gateway = spans.find(({ spanId }) => spanId === started().parentId) as ReceivedSpan;
    expect(gateway).toMatchObject({ service: "agentspan-gateway", name: "agentspan.v1.RunService/Start" });
    const client = spans.find(({ spanId }) => spanId === gateway.parentId);
    expect(client).toMatchObject({ service: "client", name: gateway.name, kind: "CLIENT", parentId: "" });
    expectChild(one("agentspan-orchestrator", "chat desk", turn(1)), started());
    const attempts = of("worker", "execute_tool get_order");
    expect(attempts.map(({ failed, attributes }) => [attributes["agentspan.attempt"], failed])).toEqual([
      ["1", true],
      ["2", false],
    ]);
    for (const attempt of attempts) expectChild(attempt, started());
    expectChild(one("agentspan-orchestrator", "chat desk", turn(2)), started());
  });

  it("ends where a person is asked, and the decision's own links to the span that asked", () => {
    const asked = one("agentspan-orchestrator", "chat desk", turn(2));
    expect(approved().traceId).not.toBe(asked.traceId);
    expect(approved().links).toEqual([{ traceId: asked.traceId, spanId: asked.spanId }]);
    expect(approved().attributes["agentspan.approval.id"]).toBe(run.approvalId);
    expectChild(one("worker", "execute_tool refund"), approved());
    expectChild(one("agentspan-orchestrator", "chat desk", turn(3)), approved());
    // No span was open while the person thought about it.
    const decided = one("client", "agentspan.v1.RunService/Approve").startMs;
    const before = spans.filter(({ traceId }) => traceId === asked.traceId);
    expect(before.filter(({ startMs, ms }) => startMs + ms > decided)).toEqual([]);
  });

  it("names the lines that are logged in it", () => {
    const { traceId, spanId } = one("agentspan-orchestrator", "RunService/GetStatus", isRefused);
    const lines = stack.orchestrators.flatMap((service) => service.log().split("\n"));
    const refused = lines.filter((line) => line.includes("A request was refused") && line.includes("RUN_NOT_FOUND"));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toContain(`"trace_id":"${traceId}","span_id":"${spanId}","trace_flags":"01"`);
  });

  it("is made of the spans and attributes that the page tells of, and of all of them", () => {
    const told = documentedSpans();
    const seen = new Map(told.map((span) => [span, new Set<string>()]));
    const strange: string[] = [];
    for (const span of spans) {
      const by = { client: "SDK", worker: "SDK", "agentspan-gateway": "gateway" }[span.service] ?? "orchestrator";
      const page = told.find((row) => row.by === by && row.kind === span.kind && patternOf(row.name).test(span.name));
      if (page === undefined) strange.push(`${by} ${span.kind} ${span.name}`);
      else for (const key of Object.keys(span.attributes)) seen.get(page)?.add(key);
    }
    expect(strange).toEqual([]);
    for (const [{ name, by, attributes }, keys] of seen) {
      // No model fails in this run.
      const wanted = attributes.filter((key) => !(key === "error.type" && name.startsWith("chat")));
      expect([...keys].sort(), `${by} ${name}`).toEqual([...wanted].sort());
    }
  });
});

describe.skipIf("missing" in programs)("Prometheus", () => {
  const { prometheus: program, promtool } = "missing" in programs ? { prometheus: "", promtool: "" } : programs;
  let prometheus: Prometheus;
  beforeAll(async () => {
    const portOf = ({ ready }: { readonly ready: Readonly<Record<string, unknown>> }) => Number(ready.managementPort);
    const orchestrator = stack.orchestrators.map(portOf);
    const gateway = stack.gateways.map(({ service }) => portOf(service));
    prometheus = await Prometheus.start({ program, targets: { orchestrator, gateway }, rules: [ALERTS] });
    await until("both have been scraped, and the runs counted", async () => {
      const [waiting] = await prometheus.query('agentspan_runs{state="WAITING"}');
      const streams = await prometheus.query("agentspan_gateway_streams");
      return waiting?.value === 1 && streams.length > 0;
    });
  });
  afterAll(() => prometheus?.stop());

  it("gets the figures that the page tells of, with their types and labels, and no others", async () => {
    const types = await prometheus.types();
    const series = await prometheus.series('{__name__=~"agentspan_.*"}');
    const got = Object.keys(types)
      .filter((name) => name.startsWith("agentspan_"))
      .map((name) => {
        const ofName = series.filter(({ __name__ = "" }) => __name__.replace(/_(bucket|count|sum)$/, "") === name);
        const labels = new Set(ofName.flatMap((labelled) => Object.keys(labelled)));
        for (const theirs of ["__name__", "instance", "job", "le"]) labels.delete(theirs);
        return { name, type: types[name], labels: [...labels].sort(), from: ofName[0]?.job };
      });
    const told = documentedFigures().map((figure) => ({ ...figure, labels: [...figure.labels].sort() }));
    const byName = (one: { readonly name: string }, other: { readonly name: string }) =>
      one.name < other.name ? -1 : 1;
    expect(got.sort(byName)).toEqual([...told].sort(byName));
  });

  it.each([
    ["agentspan_runs_started_total", 2],
    ['agentspan_runs_ended_total{state="COMPLETED"}', 1],
    ['agentspan_task_attempts_total{tool="get_order",outcome="failed"}', 1],
    ['agentspan_task_attempts_total{tool="get_order",outcome="ok"}', 1],
    ['agentspan_task_duration_seconds_count{tool="refund",outcome="ok"}', 1],
    ['agentspan_checkpoints_opened_total{kind="APPROVAL"}', 2],
    ['agentspan_checkpoint_wait_seconds_count{kind="APPROVAL",outcome="approved"}', 1],
    ['agentspan_decision_duration_seconds_count{decision="approve"}', 1],
    ['agentspan_model_call_duration_seconds_count{model="script/desk",outcome="ok"}', 4],
    ['agentspan_model_tokens_total{type="output"}', 20],
    ['agentspan_gateway_streams{method="agentspan.v1.RunService/StreamEvents"}', 1],
    ['agentspan_gateway_call_duration_seconds_count{method="agentspan.v1.RunService/GetStatus",code="NOT_FOUND"}', 1],
    ["agentspan_bus_connected + on () agentspan_gateway_bus_connected", 2],
    ["agentspan_store_connected", 1],
  ])("counts what happened: %s", async (expression, value) => {
    expect((await prometheus.query(expression)).map((sample) => sample.value)).toEqual([value]);
  });

  it("understands every expression of the dashboard, which names no figure that is not there", async () => {
    const expressions = dashboardExpressions();
    expect(expressions.length).toBeGreaterThan(30);
    for (const expression of expressions) await prometheus.query(expression);
    const known = new Set(documentedFigures().map(({ name }) => name));
    const named = figuresIn([...expressions, readFileSync(ALERTS, "utf8")].join("\n"));
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
    // Nothing that the page tells of is shown nowhere.
    expect([...known].filter((name) => !named.has(name))).toEqual([]);
  });

  it("evaluates the alerts, none of which fires while nothing is the matter", async () => {
    const rules = await until("every rule was evaluated", async () => {
      const all = await prometheus.rules();
      return all.every(({ health }) => health === "ok") && all;
    });
    expect(rules.map(({ name }) => name)).toEqual(alertNames());
    expect(rules.filter(({ state }) => state === "firing")).toEqual([]);
  });

  it("has each alert fire when it should, and not else", async () => {
    const { code, lines } = await runCommand([promtool, "test", "rules", ALERT_TESTS]);
    expect(code, lines.join("\n")).toBe(0);
  });
});

if ("missing" in programs) process.stderr.write(`Figures are not compared with Prometheus: ${programs.missing}\n`);

/** `execute_tool {tool}` as an expression. */
function patternOf(name: string): RegExp {
  const parts = name.split(/\{\w+\}/).map((part) => part.replaceAll(".", "\\."));
  return new RegExp(`^${parts.join("[A-Za-z_]+")}$`);
}
