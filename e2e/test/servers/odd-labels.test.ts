// Labels by names that mean something to JavaScript are labels like any other, by each way in and out.
import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { until } from "../../src/index.js";
import { call } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";

const LABELS = '{"__proto__":"a","constructor":"b","toString":"c","plain":"d"}';
const PAIRS = Object.entries(JSON.parse(LABELS) as Record<string, string>);

describe("labels by odd names", () => {
  const stack = withStack({ workers: 0 });

  /** As text, so that nothing of this program's own is lost. */
  async function ask(method: string, body: string): Promise<{ readonly text: string; readonly json: Answer }> {
    const response = await fetch(`${stack.current.gateway().url}/agentspan.v1.${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const text = await response.text();
    return { text, json: JSON.parse(text) as Answer };
  }

  interface Answer {
    readonly runId: string;
    readonly version: string;
    readonly code: string;
    readonly runs: readonly { readonly runId: string }[];
    readonly status: { readonly labels: Record<string, string>; readonly pendingApprovals?: readonly unknown[] };
    readonly agent: { readonly labels: Record<string, string> };
    readonly events: readonly { readonly runStarted?: { readonly labels: Record<string, string> } }[];
  }

  const statusOf = async (runId: string) => (await ask("RunService/GetStatus", `{"runId":"${runId}"}`)).json.status;
  const definition = (name: string, more = "") => `{"name":"${name}","model":"script/any","instructions":"x"${more}}`;
  const starting = (key: string, labels: string) =>
    `{"agent":${definition("odd")},"input":"hello","idempotencyKey":"${key}","labels":${labels}}`;

  it("come back in the status, the history and the list, and one that differs makes another request", async () => {
    const key = newId("key");
    const { runId } = (await ask("RunService/Start", starting(key, LABELS))).json;
    const inOrder = PAIRS.toSorted();
    expect(Object.entries((await statusOf(runId)).labels).toSorted()).toEqual(inOrder);
    const { events } = (await ask("RunService/GetHistory", `{"runId":"${runId}"}`)).json;
    expect(Object.entries(events[0]?.runStarted?.labels ?? {}).toSorted()).toEqual(inOrder);
    for (const [wanted, found] of [
      ['{"__proto__":"a"}', [runId]],
      ['{"__proto__":"b"}', undefined],
    ] as const) {
      const { runs } = (await ask("RunService/ListRuns", `{"agentName":"odd","labels":${wanted}}`)).json;
      expect(runs?.map((run) => run.runId)).toEqual(found);
    }
    expect((await ask("RunService/Start", starting(key, LABELS))).json.runId).toBe(runId);
    const other = await ask("RunService/Start", starting(key, LABELS.replace('"__proto__":"a"', '"__proto__":"z"')));
    expect(other.text).toContain("idempotency key");
    expect(other.json.code).toBe("already_exists");
  });

  it("are taken by gRPC, and shown to whoever asks in JSON", async () => {
    const labels = JSON.parse(LABELS) as Record<string, string>;
    const agent = { name: "odd", model: "script/any", instructions: "x" };
    const start = {
      idempotencyKey: newId("key"),
      input: "hello",
      labels,
      source: { case: "agent", value: agent },
    } as const;
    const { runId } = await stack.current.rpc().runs.start(start);
    expect(Object.entries((await statusOf(runId)).labels).toSorted()).toEqual(PAIRS.toSorted());
  });

  it("belong to a definition, and make another version of it", async () => {
    const put = async (labels: string) =>
      (await ask("AgentService/PutAgent", `{"agent":${definition("labelled", `,"labels":${labels}`)}}`)).json.version;
    const [one, other] = [await put(LABELS), await put(LABELS.replace('"__proto__":"a"', '"__proto__":"z"'))];
    expect(other).not.toBe(one);
    const kept = (await ask("AgentService/GetAgent", `{"name":"labelled","version":"${one}"}`)).json.agent;
    expect(Object.entries(kept.labels).toSorted()).toEqual(PAIRS.toSorted());
  });

  it("are what a rule looks at", async () => {
    const input = stack.current.model.script("odd rule", [call("refund")]);
    const approval = { rule: 'labels["__proto__"] != "a"' };
    const tools = JSON.stringify([
      { name: "refund", description: "d", inputSchemaJson: '{"type":"object"}', approval },
    ]);
    const body = (labels: string) =>
      `{"agent":${definition("ruled", `,"tools":${tools}`)},"input":${JSON.stringify(input)},"idempotencyKey":"${newId("key")}","labels":${labels}}`;
    const { runId } = (await ask("RunService/Start", body(LABELS))).json;
    const history = () => ask("RunService/GetHistory", `{"runId":"${runId}"}`);
    const { text } = await until("the call is made", async () => {
      const answer = await history();
      return answer.text.includes('"toolCall"') && answer;
    });
    expect(text).not.toContain('"waiting"');
  });
});
