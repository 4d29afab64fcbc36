import { MODEL } from "@agentspan/e2e";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Scenario } from "./check.js";

const ANYTHING = JSON.stringify({ type: "object" });
const QUEUE = { queue: "desk", inputSchemaJson: ANYTHING };
const GATED = { approval: { required: true } };

/** The tools are served by the workers of the desk; see desk-agent.ts in e2e. */
export const AGENT: JsonObject = {
  name: "<me>",
  model: MODEL,
  instructions: "You are the desk. Žluťoučký kůň 🐎",
  maxTurns: 9,
  temperature: 0.25,
  maxTokens: 512,
  deadline: "3600.500s",
  labels: { team: "support" },
  tools: [
    { ...QUEUE, name: "get_order", description: "Looks up an order.", retry: { maxAttempts: 4, multiplier: 1.5 } },
    { ...QUEUE, ...GATED, name: "refund", description: "Pays back." },
    { ...QUEUE, ...GATED, name: "email" },
    { ...QUEUE, name: "erase", approval: { required: true, explicit: true, remindEvery: "3600s" } },
    { ...QUEUE, ...GATED, name: "transfer", timeout: "0.400s" },
    {
      name: "ask",
      kind: "TOOL_KIND_HUMAN",
      inputSchemaJson: ANYTHING,
      answerSchemaJson: JSON.stringify({ type: "object", required: ["colour"] }),
    },
  ],
};

export const agents: Scenario = {
  name: "agents",
  checks: [
    {
      name: "a definition is stored",
      call: "AgentService/PutAgent",
      request: { agent: AGENT },
      save: { version: "version" },
    },
    { name: "the same one again is no other version", call: "AgentService/PutAgent", request: { agent: AGENT } },
    { name: "it is read", call: "AgentService/GetAgent", request: { name: "<me>" } },
    {
      name: "it is read by its version",
      call: "AgentService/GetAgent",
      request: { name: "<me>", version: "<version>" },
    },
    { name: "agents are listed", call: "AgentService/ListAgents", request: { pageSize: 1000 }, mine: "agents" },
    { name: "its versions are listed", call: "AgentService/ListAgentVersions", request: { name: "<me>" } },
    {
      name: "the versions of an agent that nobody stored",
      call: "AgentService/ListAgentVersions",
      request: { name: "nobody" },
      refused: "AGENT_NOT_FOUND",
    },
    {
      name: "an agent that nobody stored",
      call: "AgentService/GetAgent",
      request: { name: "nobody" },
      refused: "AGENT_NOT_FOUND",
    },
    {
      name: "a definition without anything",
      call: "AgentService/PutAgent",
      request: { agent: {} },
      refused: "INVALID_REQUEST",
    },
  ],
};
