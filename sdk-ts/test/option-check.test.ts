// As plain JavaScript calls them: nobody has checked names and types before.
import { AgentspanError } from "@agentspan/internal";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Agent } from "../src/agent.js";
import { AgentHandle } from "../src/agent-handle.js";
import { AgentRuntime } from "../src/agent-runtime.js";
import { tool } from "../src/tool.js";
import { MemoryRunService } from "./memory-run-service.js";

// biome-ignore lint/complexity/noBannedTypes: what a program without types passes.
type Untyped = Function;

const payOut = { name: "pay_out", description: "Pays.", inputSchema: z.object({}) };
const makeTool = (options: object) => (tool as Untyped)(() => null, { ...payOut, ...options });
const makeAgent = (options: object) => Reflect.construct(Agent, [{ name: "a", model: "demo/refund", ...options }]);

function refusal(of: () => unknown): AgentspanError {
  try {
    of();
  } catch (error) {
    if (error instanceof AgentspanError) return error;
    throw error;
  }
  throw new Error("It was accepted.");
}

describe("a misspelt gate", () => {
  it.each([
    { approvalrequired: true },
    { approval_required: true },
    { aprovalRequired: true },
    { needsApproval: true },
    { ApprovalRequired: true },
  ])("is refused, and the right name told: %j", (options) => {
    const { reason, message, fields } = refusal(() => makeTool(options));
    const [key = ""] = Object.keys(options);
    expect(reason).toBe("INVALID_REQUEST");
    expect(message).toBe(`The tool "pay_out" has no option "${key}". Did you mean approvalRequired?`);
    expect(fields).toMatchObject([{ field: key }]);
  });

  it.each(["yes", 1, "false", null, {}])("is not guessed from %j", (value) => {
    for (const gate of ["approvalRequired", "once"]) {
      const { reason, message, fields } = refusal(() => makeTool({ [gate]: value }));
      expect(reason).toBe("INVALID_REQUEST");
      expect(message).toMatch(`The tool "pay_out" has the ${gate} ${value === "yes" ? '"yes"' : ""}`);
      expect(message).toMatch(/; it must be true or false\.$/);
      expect(fields).toEqual([{ field: gate, description: "must be true or false" }]);
    }
  });

  it("is refused where only the way of approving is said", () => {
    expect(refusal(() => makeTool({ approvalExplicit: true })).message).toMatch(/set approvalRequired as well/);
  });

  it("is refused on a copy of a tool whose gate was changed", () => {
    const tools = [{ ...makeTool({}), approvalRequired: true }];
    expect(refusal(() => makeAgent({ tools })).message).toMatch(
      'The tools[0] of agent "a" is not what tool(), humanTool() or agentTool() returns: make it with one of them.',
    );
  });
});

describe("options that do not exist", () => {
  const runtime = new AgentRuntime({ url: "http://127.0.0.1:1" });
  const handle = new AgentHandle({ runId: "run_1", runtime: { client: new MemoryRunService().client() } });
  const agent = makeAgent({});
  afterEach(() => runtime.shutdown());

  it.each<[string, () => unknown, string]>([
    ["an agent", () => makeAgent({ tool: [] }), 'The agent "a" has no option "tool". Did you mean tools?'],
    ["a retry", () => makeTool({ retry: { attempts: 3 } }), "Did you mean maxAttempts?"],
    [
      "a runtime",
      () => Reflect.construct(AgentRuntime, [{ serverUrl: "" }]),
      'The AgentRuntime has no option "serverUrl". Its options are url, grpcUrl, natsUrl,',
    ],
    ["a stream", () => (runtime.stream as Untyped).call(runtime, agent, "", { deltas: true }), "Did you mean include"],
    ["a stream", () => (handle.stream as Untyped).call(handle, { afterSequence: 1 }), "Did you mean after?"],
  ])("are refused by %s", (_, call, words) => {
    expect(refusal(call).message).toContain(words);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["start", () => (runtime.start as Untyped).call(runtime, agent, "", { label: {} }), "Did you mean labels?"],
    [
      "start",
      () => (runtime.start as Untyped).call(runtime, agent, "", { after: 1 }),
      'start() has no option "after".',
    ],
    ["run", () => (runtime.run as Untyped).call(runtime, agent, "", { dedline: "1h" }), "Did you mean deadline?"],
    ["serve", () => (runtime.serve as Untyped).call(runtime, agent, { bloking: false }), "Did you mean blocking?"],
    ["approve", () => (handle.approve as Untyped).call(handle, { approval_id: "a" }), "Did you mean approvalId?"],
    ["approve", () => (handle.approve as Untyped).call(handle, { editedArgs: {} }), "Did you mean editedArguments?"],
    ["reject", () => (handle.reject as Untyped).call(handle), "The reason of reject() is undefined; it must be text."],
  ])("are refused by %s", async (_, call, words) => {
    await expect(call()).rejects.toMatchObject({ reason: "INVALID_REQUEST", message: expect.stringContaining(words) });
  });
});

describe("an address", () => {
  it.each([
    [{ url: "foo" }, 'The url of the AgentRuntime is "foo"; it must be an address such as http://127.0.0.1:6767.'],
    [{ url: "localhost:6767" }, "it must be an address such as http://127.0.0.1:6767."],
    [{ grpcUrl: "http://127.0.0.1:6768" }, "it must be an address such as grpc://127.0.0.1:6768."],
  ])("is refused where it is none: %j", (options, words) => {
    const { reason, message } = refusal(() => new AgentRuntime(options));
    expect({ reason, message }).toEqual({ reason: "INVALID_REQUEST", message: expect.stringContaining(words) });
  });
});

describe("what was called wrongly", () => {
  it.each<[string, () => unknown, string, string]>([
    [
      "a tool without options",
      () => (tool as Untyped)(() => null),
      "options",
      "has the options undefined; it must be an object.",
    ],
    ["a tool without a function", () => (tool as Untyped)(payOut), "fn", "must be a function."],
    [
      "a tool without a name",
      () => makeTool({ name: undefined }),
      "name",
      "The tool undefined has no name; it must be text.",
    ],
    [
      "a tool without a description",
      () => makeTool({ description: undefined }),
      "description",
      'The tool "pay_out" has no description; it must be text.',
    ],
    [
      "a tool without a schema",
      () => makeTool({ inputSchema: undefined }),
      "inputSchema",
      "has no inputSchema; it must be an object.",
    ],
    ["a tool with a bad name", () => makeTool({ name: "pay out" }), "name", 'The name "pay out" of a tool must begin'],
    [
      "instructions that are no text",
      () => makeAgent({ instructions: 5 }),
      "instructions",
      'The agent "a" has the instructions 5; it must be text.',
    ],
    ["tools that are no list", () => makeAgent({ tools: {} }), "tools", "it must be a list."],
    [
      "a tool that is a function",
      () => makeAgent({ tools: [() => null] }),
      "tools[0]",
      "is not what tool(), humanTool() or agentTool() returns",
    ],
    ["an agent without options", () => Reflect.construct(Agent, []), "options", "it must be an object."],
    ["an agent's name", () => makeAgent({ name: "a b" }), "name", 'The name "a b" of an agent must begin'],
    ["half a turn", () => makeAgent({ maxTurns: 0.5 }), "maxTurns", "it must be a whole number, 0 or more."],
    ["a label that is no text", () => makeAgent({ labels: { n: 1 } }), "labels", "whose values are text."],
  ])("is refused with the field that is wrong: %s", (_, call, field, words) => {
    const { reason, message, fields } = refusal(call);
    expect(message).toContain(words);
    expect({ reason, fields: fields.map((fault) => fault.field) }).toEqual({
      reason: "INVALID_REQUEST",
      fields: [field],
    });
  });
});
