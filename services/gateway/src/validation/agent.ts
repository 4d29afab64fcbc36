// AgentService's requests, and the definition that Start carries too.
import { checkSchema, type Described, Limits, previewFault } from "@agentspan/internal";
import {
  type AgentDefinition,
  AgentDefinitionSchema,
  type GetAgentRequest,
  type ListAgentVersionsRequest,
  type PutAgentRequest,
  type RetryPolicy,
  type Tool,
  ToolKind,
} from "@agentspan/proto";
import { toBinary } from "@bufbuild/protobuf";
import { checkAsks, checkPolicy } from "./approval-policy.js";
import {
  checkDuration,
  checkEnum,
  checkLabels,
  checkName,
  checkOptionalName,
  checkPageSize,
  checkPageToken,
  checkSize,
} from "./checks.js";
import { Faults } from "./faults.js";

// "provider/model"; the model's own name may hold slashes ("openrouter/meta/llama-3").
const MODEL_PATTERN = /^[a-z0-9][a-z0-9_.-]{0,63}\/[^\s/][^\s]{0,199}$/;
const VERSION_PATTERN = /^[A-Za-z0-9:_-]{1,128}$/;

export function checkPutAgent(request: PutAgentRequest): void {
  const faults = new Faults();
  if (request.agent === undefined) faults.add("agent", "is required");
  else checkDefinition(faults, "agent", request.agent);
  faults.throwIfAny();
}

/** Throws AgentspanError for a definition that PutAgent would refuse, with the field of each fault. */
export function requireDefinition(agent: AgentDefinition): void {
  const faults = new Faults();
  checkDefinition(faults, "agent", agent);
  faults.throwIfAny();
}

export function checkGetAgent(request: GetAgentRequest): void {
  const faults = new Faults();
  checkName(faults, "name", request.name);
  checkVersion(faults, "version", request.version);
  faults.throwIfAny();
}

export function checkListAgentVersions(request: ListAgentVersionsRequest): void {
  const faults = new Faults();
  checkName(faults, "name", request.name);
  checkPageSize(faults, "pageSize", request.pageSize);
  checkPageToken(faults, "pageToken", request.pageToken);
  faults.throwIfAny();
}

export function checkVersion(faults: Faults, field: string, version: string): void {
  if (version !== "" && !VERSION_PATTERN.test(version)) {
    faults.add(field, "is not a version that this server gave");
  }
}

export function checkDefinition(faults: Faults, path: string, agent: AgentDefinition): void {
  checkName(faults, `${path}.name`, agent.name);
  if (!MODEL_PATTERN.test(agent.model)) {
    faults.add(
      `${path}.model`,
      agent.model === "" ? "is required" : 'must be "provider/model", such as "openai/gpt-4o-mini"',
    );
  }
  checkSize(faults, `${path}.instructions`, agent.instructions, "instructionsBytes");
  if (agent.maxTurns > Limits.maxTurns) {
    faults.add(`${path}.maxTurns`, `must be at most ${Limits.maxTurns}; 0 takes ${Limits.defaultMaxTurns}`);
  }
  if (agent.temperature !== undefined && !(agent.temperature >= 0 && agent.temperature <= 2)) {
    faults.add(`${path}.temperature`, "must be from 0 to 2");
  }
  if (agent.maxTokens === 0)
    faults.add(`${path}.maxTokens`, "must be at least 1; leave it out for the model's own limit");
  if (agent.outputSchemaJson !== "") checkSchemaText(faults, `${path}.outputSchemaJson`, agent.outputSchemaJson);
  checkDuration(faults, `${path}.deadline`, agent.deadline);
  checkLabels(faults, `${path}.labels`, agent.labels);
  if (agent.tools.length > Limits.toolsPerAgent) {
    faults.exceeds(`${path}.tools`, "toolsPerAgent", agent.tools.length);
  } else {
    checkTools(faults, `${path}.tools`, agent.tools);
  }
  const size = toBinary(AgentDefinitionSchema, agent).length;
  if (size > Limits.definitionBytes) faults.exceeds(path, "definitionBytes", size);
}

function checkTools(faults: Faults, path: string, tools: readonly Tool[]): void {
  const seen = new Map<string, number>();
  for (const [at, tool] of tools.entries()) {
    checkTool(faults, `${path}[${at}]`, tool);
    const first = seen.get(tool.name);
    if (first === undefined) seen.set(tool.name, at);
    else if (tool.name !== "") faults.add(`${path}[${at}].name`, `is the name of tools[${first}] too`);
  }
}

function checkTool(faults: Faults, path: string, tool: Tool): void {
  checkName(faults, `${path}.name`, tool.name);
  checkSize(faults, `${path}.description`, tool.description, "toolDescriptionBytes");
  if (tool.inputSchemaJson === "") {
    if (tool.kind !== ToolKind.AGENT) faults.add(`${path}.inputSchemaJson`, "is required");
  } else checkSchemaText(faults, `${path}.inputSchemaJson`, tool.inputSchemaJson);
  checkOptionalName(faults, `${path}.queue`, tool.queue);
  if (tool.approval !== undefined) checkPolicy(faults, `${path}.approval`, tool.approval);
  checkAsks(faults, `${path}.approval`, tool);
  if (tool.retry !== undefined) checkRetry(faults, `${path}.retry`, tool.retry);
  checkDuration(faults, `${path}.startTimeout`, tool.startTimeout);
  checkDuration(faults, `${path}.timeout`, tool.timeout);
  if (tool.kind !== ToolKind.UNSPECIFIED) checkEnum(faults, `${path}.kind`, tool.kind, ToolKind);
  if (tool.kind === ToolKind.HUMAN) checkHumanTool(faults, path, tool);
  else if (tool.answerSchemaJson !== "") faults.add(`${path}.answerSchemaJson`, "goes with a HUMAN tool only");
  const fault = tool.preview === undefined ? undefined : previewFault(tool.preview);
  if (fault !== undefined) faults.add(`${path}.preview`, fault);
  if (tool.kind === ToolKind.AGENT) {
    checkNotOfWorkers(faults, path, tool);
    checkName(faults, `${path}.agentName`, tool.agentName);
    checkVersion(faults, `${path}.agentVersion`, tool.agentVersion);
  } else if (tool.agentName !== "" || tool.agentVersion !== "") {
    faults.add(`${path}.agentName`, "goes with an AGENT tool only");
  }
}

/** What is said of workers' tools says nothing of others: better refused than read as something that it does not do. */
function checkNotOfWorkers(faults: Faults, path: string, tool: Tool): void {
  const ofWorkers = {
    queue: tool.queue !== "",
    once: tool.once,
    retry: tool.retry,
    timeout: tool.timeout,
    preview: tool.preview,
  };
  for (const [field, value] of Object.entries({ ...ofWorkers, startTimeout: tool.startTimeout })) {
    if (value !== undefined && value !== false) faults.add(`${path}.${field}`, "is for tools that workers serve");
  }
}

function checkHumanTool(faults: Faults, path: string, tool: Tool): void {
  checkNotOfWorkers(faults, path, tool);
  if (tool.answerSchemaJson !== "") {
    checkSchemaText(faults, `${path}.answerSchemaJson`, tool.answerSchemaJson, "anything");
  }
  const { required = false, rule = "", votesRequired = 0, selfApproval = false } = tool.approval ?? {};
  const ofGates = { required, rule: rule !== "", votesRequired: votesRequired > 1 };
  for (const [field, value] of Object.entries(ofGates)) {
    if (value)
      faults.add(`${path}.approval.${field}`, "is for tools that are approved: each call of this one asks people");
  }
  if (selfApproval) {
    const description =
      "says nothing of a question: whoever started the run may answer it, where approvers leave it to them";
    faults.add(`${path}.approval.selfApproval`, description);
  }
}

function checkRetry(faults: Faults, path: string, retry: RetryPolicy): void {
  checkDuration(faults, `${path}.initialBackoff`, retry.initialBackoff, true);
  checkDuration(faults, `${path}.maxBackoff`, retry.maxBackoff, true);
  // Also says no to NaN.
  if (retry.multiplier !== 0 && !(retry.multiplier >= 1 && retry.multiplier <= 1_000)) {
    faults.add(`${path}.multiplier`, "must be from 1 to 1000; 0 takes 2");
  }
}

function checkSchemaText(faults: Faults, field: string, text: string, of?: Described): void {
  const size = Buffer.byteLength(text);
  if (size > Limits.toolSchemaBytes) {
    faults.exceeds(field, "toolSchemaBytes", size);
    return;
  }
  const problem = checkSchema(text, of);
  if (problem !== undefined) faults.add(field, `is not a schema that can be used: ${problem}`);
}
