import { Limits } from "@agentspan/internal";
import { ToolKind, type Tool as ToolMessage, ToolSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import type { z } from "zod";
import { type ApprovalOptions, policyOf } from "./approval-policy.js";
import { type JsonSchema, schemaSource } from "./input-schema.js";
import { type OptionKinds, requireOptions, shown } from "./option-check.js";
import { requireName, requireSize } from "./tool.js";

/** Who may answer, and until when: as with approvals. Whoever started the run may answer, unless `approvers` says who. */
export type AnswerTerms = Omit<ApprovalOptions, "rule" | "votes" | "selfApproval">;

export interface HumanToolOptions extends AnswerTerms {
  /** Letters, digits, '_' and '-', at most 64, not beginning with a digit or '-'. */
  readonly name: string;
  /** When the model should ask, and what, in words for it; at most 16 KiB. */
  readonly description: string;
  /** What is asked: `{ question: string }` where left out. */
  readonly parameters?: z.ZodType | JsonSchema;
  /** What an answer must be, of any type; any JSON where left out. */
  readonly answer?: z.ZodType | JsonSchema;
}

const HUMAN_TOOL_OPTIONS: OptionKinds<HumanToolOptions> = {
  name: "text",
  description: "text",
  parameters: "object",
  answer: "object",
  explicit: "flag",
  approvers: "object",
  expiresIn: "duration",
  onExpiry: "text",
  escalateTo: "object",
  escalationExpiresIn: "duration",
  remindEvery: "duration",
};

const QUESTION: JsonSchema = {
  type: "object",
  properties: { question: { type: "string", description: "What people are asked." } },
  required: ["question"],
  additionalProperties: false,
};

/** A tool that people carry out, ready to be listed by an agent. No worker serves it. */
export interface HumanTool {
  readonly kind: "human";
  readonly name: string;
  /** As an agent's definition tells it. */
  readonly message: ToolMessage;
}

/**
 * Makes a tool that asks people. A call of it waits, at no cost, until somebody answers with `respond`; what they say,
 * checked against `answer`, is the call's result. `reject` declines: the model gets the reason.
 * Throws INVALID_REQUEST or LIMIT_EXCEEDED where the options cannot be used.
 *
 * @example
 * const askCustomer = humanTool({
 *   name: "ask_customer",
 *   description: "Asks the customer what only they know.",
 *   answer: z.object({ size: z.enum(["S", "M", "L"]) }),
 * });
 */
export function humanTool(options: HumanToolOptions): HumanTool {
  const owner = `tool ${shown(options?.name)}`;
  requireOptions(options, `The ${owner}`, HUMAN_TOOL_OPTIONS, ["name", "description"]);
  const { name, description, parameters = QUESTION, answer, ...terms } = options;
  requireName(name, "a tool");
  requireSize(description, Limits.toolDescriptionBytes, `description of ${owner}`);
  const asked = schemaSource(parameters, `${owner}.parameters`).jsonText;
  const answered = answer === undefined ? "" : schemaSource(answer, `${owner}.answer`, "anything").jsonText;
  for (const schema of [asked, answered]) requireSize(schema, Limits.toolSchemaBytes, `schema of ${owner}`);
  const message = create(ToolSchema, {
    ...{ name, description, inputSchemaJson: asked },
    ...{ kind: ToolKind.HUMAN, answerSchemaJson: answered },
  });
  if (Object.keys(terms).length > 0) message.approval = { ...policyOf(terms, owner), required: false };
  return { kind: "human", name, message };
}
