// Whether a standing grant could let a call run, by the newest definition of its agent. Runs keep older ones, and whoever
// looks after a tool may ask for approval without a definition: what depends on that is a doubt, and no refusal.
import { AgentspanError, nearestName, ruleFields } from "@agentspan/internal";
import type { AgentCatalog } from "../agent-catalog.js";
import { type Agent, approversOf, isOneOf, type ToolDefinition, takesGrants, told, toolOf } from "../core/index.js";
import type { StandingGrant } from "../ports.js";

type Asked = Pick<StandingGrant, "namespace" | "agentName" | "toolName" | "by">;

/** Letters that may be wrong in a name for another to be meant by it. */
const MISTAKEN_LETTERS = 3;
/** Of a schema, what says that arguments have other fields than its properties. */
const OTHER_FIELDS = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas"];

/** Rejects with INVALID_REQUEST where no call could ever fit, and with PERMISSION_DENIED where its maker decides none. */
export async function requireFit(
  agents: Pick<AgentCatalog, "get">,
  { namespace, agentName, toolName, by }: Asked,
): Promise<ToolDefinition> {
  const agent = await newest(agents, namespace, agentName);
  const tool = toolOf(agent, toolName);
  if (tool === undefined) {
    const near = nearestName(
      toolName,
      agent.tools.map(({ name }) => name),
      MISTAKEN_LETTERS,
    );
    const meant = near === undefined ? "" : ` Did you mean ${near}?`;
    throw invalid(`Agent ${agentName} has no tool ${toolName}.${meant}`);
  }
  if (!takesGrants(tool)) throw invalid(`${whyNone(tool)}: no standing grant can let a call of it run.`);
  const approvers = approversOf(tool.approval, {});
  if (approvers === undefined || isOneOf(approvers, by)) return tool;
  const message = `Calls of ${toolName} are for ${told(approvers)} to decide, not for ${by.onBehalfOf ?? by.who}, who can make no grant for them.`;
  throw new AgentspanError("PERMISSION_DENIED", message);
}

/** What speaks against a call that it lets run, in sentences. */
export function grantDoubts(tool: ToolDefinition, rule: string): readonly string[] {
  const { name, approval, inputSchema } = tool;
  const asks = approval.required || approval.rule !== undefined;
  const unasked = `By the agent's definition no call of ${name} waits for anybody: a grant matters only where the worker that serves it asks for approval.`;
  const known = fieldsOf(inputSchema);
  const strange = known === undefined || rule === "" ? [] : ruleFields(rule).filter((field) => !known.includes(field));
  return [...(asks ? [] : [unasked]), ...strange.map((field) => strangeWords(name, field, known ?? []))];
}

function strangeWords(tool: string, field: string, known: readonly string[]): string {
  const near = nearestName(field, known, MISTAKEN_LETTERS);
  const meant = near === undefined ? "" : ` Did you mean args.${near}?`;
  return `The rule looks at args.${field}, which the input schema of ${tool} does not have. Where it is missing, the grant lets nothing run.${meant}`;
}

async function newest(agents: Pick<AgentCatalog, "get">, namespace: string, name: string): Promise<Agent> {
  try {
    return (await agents.get(namespace, name)).agent;
  } catch (thrown) {
    if (!(thrown instanceof AgentspanError) || thrown.reason !== "AGENT_NOT_FOUND") throw thrown;
    throw invalid(
      `There is no agent ${name} here. Start a run of it, or store its definition (AgentService/PutAgent), before you make a grant.`,
    );
  }
}

function whyNone({ name, human, approval }: ToolDefinition): string {
  if (human !== undefined) return `People carry out ${name}`;
  if (approval.votesRequired > 1) return `A call of ${name} takes the votes of ${approval.votesRequired} people`;
  return `A call of ${name} takes a decision about the very arguments that were shown (explicit)`;
}

/** The fields of an object schema; undefined where others are meant to be there too, or nobody can say. */
function fieldsOf(inputSchema: string): readonly string[] | undefined {
  const schema: unknown = JSON.parse(inputSchema);
  if (typeof schema !== "object" || schema === null || OTHER_FIELDS.some((word) => word in schema)) return undefined;
  const { properties, additionalProperties } = schema as Readonly<Record<string, unknown>>;
  const open =
    additionalProperties === true || (typeof additionalProperties === "object" && additionalProperties !== null);
  return open || typeof properties !== "object" || properties === null ? undefined : Object.keys(properties);
}

function invalid(message: string): AgentspanError {
  return new AgentspanError("INVALID_REQUEST", message);
}
