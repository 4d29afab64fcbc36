// agentspan agents list|show
import {
  type AgentDefinition,
  AgentDefinitionSchema,
  AgentService,
  type AgentSummary,
  AgentSummarySchema,
  type Tool,
  ToolKind,
} from "@agentspan/proto";
import { type AgentRuntime, AgentspanError } from "@agentspan/sdk";
import { durationMs, type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import { messageJson } from "../message-json.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { listAgents, listAgentVersions } from "../run-lists.js";
import { oneLine, safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime, span } from "../times.js";

export interface AgentsListFlags extends UrlOption {
  readonly limit: number;
  readonly json?: boolean;
}

export function agentsList(flags: AgentsListFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const { items, more } = await listAgents(runtime, flags.limit);
    if (flags.json === true) return output.json(items.map((agent) => messageJson(AgentSummarySchema, agent)));
    if (items.length === 0) return output.line("No agents are stored: starting a run stores the one that it brings.");
    output.table(
      [
        ["AGENT", "VERSION", "STORED"],
        ...items.map(({ name, version, createdAt }) => [name, shortened(version), at(createdAt)]),
      ],
      "",
    );
    if (more) output.line(`There are more: --limit ${flags.limit * 10}`);
  });
}

export interface AgentsShowFlags extends UrlOption {
  readonly json?: boolean;
}

/** More than anybody reads, and few enough to be asked for each time. */
const MOST_VERSIONS = 1_000;
/** Of these the table has so many; programs get all that were read. */
const SHOWN_VERSIONS = 10;

export function agentsShow(
  name: string,
  begins: string | undefined,
  flags: AgentsShowFlags,
  output: Output,
): Promise<void> {
  return withServer(flags, async (runtime) => {
    const { items: versions, more } = await there(name, "", listAgentVersions(runtime, name, MOST_VERSIONS));
    const asked = begins === undefined ? "" : wholeVersion(name, begins, versions);
    const { agent, version, createdAt } = await there(name, asked, read(runtime, name, asked));
    if (agent === undefined) throw new CommandError(`The server answered without a definition of ${name}.`, 1);
    if (flags.json === true) {
      return output.json({
        agent: messageJson(AgentDefinitionSchema, agent),
        version,
        createdAt: createdAt && timestampDate(createdAt).toISOString(),
        versions: versions.map((one) => messageJson(AgentSummarySchema, one)),
      });
    }
    output.line(`${agent.name}  ${version}`);
    output.table(factsOf(agent, createdAt));
    if (agent.instructions !== "") {
      output.line();
      output.line("Instructions:");
      for (const line of safeText(agent.instructions).split("\n")) output.line(`  ${line}`);
    }
    output.line();
    if (agent.tools.length === 0) output.line("It has no tools.");
    else output.table([["TOOL", "CARRIED OUT BY", "A PERSON", "WHAT IT DOES"], ...agent.tools.map(toolRow(agent))], "");
    output.line();
    output.table(
      [
        ["VERSION", "STORED", ""],
        ...versions
          .slice(0, SHOWN_VERSIONS)
          .map((one) => [shortened(one.version), at(one.createdAt), one.version === version ? "this one" : ""]),
      ],
      "",
    );
    const left = versions.length - SHOWN_VERSIONS;
    if (left > 0) output.line(`There are ${left}${more ? " and more" : ""} older versions: --json`);
  });
}

async function read({ client }: AgentRuntime, name: string, version: string) {
  return client.call(AgentService.method.getAgent, { name, version });
}

/** What was read; where there is no such agent or version, the command that has those that there are. */
async function there<T>(name: string, version: string, reading: Promise<T>): Promise<T> {
  return reading.catch((thrown: unknown) => {
    if (!(thrown instanceof AgentspanError) || thrown.reason !== "AGENT_NOT_FOUND") throw thrown;
    const words =
      version === ""
        ? `There is no agent ${safeText(name)}. Those that there are:\n  ${commandName()} agents list`
        : `Agent ${safeText(name)} has no version ${safeText(version)}. Those that it has:\n  ${commandName()} agents show ${safeText(name)}`;
    throw new CommandError(words);
  });
}

/** The one that begins so. */
function wholeVersion(name: string, begins: string, versions: readonly AgentSummary[]): string {
  const found = versions.filter(({ version }) => version.startsWith(begins));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.version;
  // The server knows versions that are older than those that were read, and what is no version.
  if (found.length === 0) return begins;
  const all = found.map(({ version }) => shortened(version)).join(", ");
  throw new CommandError(`${found.length} versions of ${name} begin with ${begins}: ${all}. Write more of it.`, 2);
}

function factsOf(agent: AgentDefinition, createdAt: Timestamp | undefined): readonly (readonly string[])[] {
  const { model, maxTurns, temperature, maxTokens, deadline, outputSchemaJson, labels } = agent;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["stored", at(createdAt)],
    ["model", safeText(model)],
    ["turns", `at most ${maxTurns === 0 ? 25 : maxTurns}`],
    ["temperature", temperature?.toString()],
    ["tokens", maxTokens === undefined ? undefined : `at most ${maxTokens} a reply`],
    ["deadline", deadline && span(durationMs(deadline))],
    ["answer", outputSchemaJson === "" ? undefined : oneLine(outputSchemaJson, 100)],
    [
      "labels",
      Object.entries(labels)
        .map(([key, value]) => `${oneLine(key, 40)}=${oneLine(value, 40)}`)
        .join(", ") || undefined,
    ],
  ];
  return facts.flatMap(([what, value]) => (value === undefined ? [] : [[what, value]]));
}

function toolRow({ name: agent }: AgentDefinition) {
  return (tool: Tool): readonly string[] => [
    tool.name,
    byWhom(tool, agent),
    personOf(tool),
    oneLine(tool.description, 60),
  ];
}

function byWhom({ kind, queue, agentName, agentVersion }: Tool, agent: string): string {
  if (kind === ToolKind.HUMAN) return "people";
  if (kind === ToolKind.AGENT) return `agent ${agentName}${agentVersion === "" ? "" : ` ${shortened(agentVersion)}`}`;
  return `queue ${queue === "" ? agent : queue}`;
}

function personOf({ kind, approval, once }: Tool): string {
  if (kind === ToolKind.HUMAN) return "answers";
  if (approval?.required === true) return "approves each call";
  if (approval !== undefined && approval.rule !== "") return `approves where ${oneLine(approval.rule, 40)}`;
  return once ? "no; starts once" : "no";
}

function shortened(version: string): string {
  return version.slice(0, 12);
}

function at(time: Timestamp | undefined): string {
  return dateAndTime(time && timestampDate(time));
}
