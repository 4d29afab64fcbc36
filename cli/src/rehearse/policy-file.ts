// A policy that somebody thinks of, out of a file: a tool's `approval` as a definition has it, or the tool with it.
import { readFile } from "node:fs/promises";
import { requirePolicy } from "@agentspan/gateway/in-process";
import { AgentspanError } from "@agentspan/internal";
import { type ApprovalPolicy, ApprovalPolicySchema, type Tool, ToolSchema } from "@agentspan/proto";
import { create, fromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { CommandError } from "../command-error.js";
import { safeText } from "../safe-text.js";

/** The tool with the policy. Throws CommandError with exit code 2, and the place, for a file that cannot be used. */
export async function readPolicy(path: string, named: string | undefined): Promise<Tool> {
  const where = safeText(path);
  const value = jsonIn(await textOf(path), where);
  const tool = toolIn(value, where);
  const name = named ?? tool.name;
  if (name === "") throw new CommandError(`${where} does not say which tool it is about: name it with --tool.`, 2);
  if (tool.name !== "" && tool.name !== name) {
    throw new CommandError(`${where} is about ${safeText(tool.name)}, and --tool names ${safeText(name)}.`, 2);
  }
  try {
    requirePolicy(tool);
  } catch (error) {
    if (!(error instanceof AgentspanError)) throw error;
    const faults = error.fields.map(({ field, description }) => `${field} ${safeText(description)}`);
    throw new CommandError(`${where} is no policy that a tool can have: ${faults.join("; ")}.`, 2);
  }
  return { ...tool, name };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CommandError(`${safeText(path)} cannot be read: ${why === "ENOENT" ? "there is no such file" : why}.`, 2);
  }
}

function jsonIn(text: string, where: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${where} is no JSON: ${safeText(said)}${placeIn(text, said)}.`, 2);
  }
}

/** What JSON.parse counts in characters, in lines. */
function placeIn(text: string, said: string): string {
  const at = Number(/at position (\d+)/.exec(said)?.[1] ?? Number.NaN);
  if (Number.isNaN(at) || said.includes("line ")) return "";
  const before = text.slice(0, at).split("\n");
  return ` (line ${before.length}, character ${(before.at(-1)?.length ?? 0) + 1})`;
}

function toolIn(value: JsonValue, where: string): Tool {
  if (typeof value === "boolean")
    return create(ToolSchema, { approval: create(ApprovalPolicySchema, { required: value }) });
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CommandError(`${where} is neither a policy nor a tool with its approval.`, 2);
  }
  if (!("approval" in value)) return create(ToolSchema, { approval: policyIn(value, where) });
  const { approval, ...tool } = value;
  const policy = typeof approval === "boolean" ? { required: approval } : approval;
  const read = readAs(() => fromJson(ToolSchema, tool), "tool", where);
  return { ...read, approval: policyIn((policy ?? {}) as JsonObject, where) };
}

function policyIn(value: JsonObject, where: string): ApprovalPolicy {
  return readAs(() => fromJson(ApprovalPolicySchema, value), "policy", where);
}

function readAs<T>(read: () => T, what: string, where: string): T {
  try {
    return read();
  } catch (error) {
    throw new CommandError(
      `${where} is no ${what}: ${safeText(error instanceof Error ? error.message : String(error))}.`,
      2,
    );
  }
}
