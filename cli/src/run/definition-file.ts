// Definitions of agents in files: JSON, or YAML by the file's name.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type AgentDefinition, AgentDefinitionSchema } from "@agentspan/proto";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { parse } from "yaml";
import { CommandError } from "../command-error.js";
import { safeText } from "../safe-text.js";

/** One definition, or a list of them, the agent's first. */
export async function readDefinitions(path: string): Promise<readonly AgentDefinition[]> {
  const where = path === "-" ? "Standard input" : safeText(path);
  const said = path === "-" ? await text(process.stdin) : await readText(path, where);
  const yaml = /\.ya?ml$/i.test(path);
  let value: JsonValue;
  try {
    value = (yaml ? parse(said) : JSON.parse(said)) as JsonValue;
  } catch (error) {
    throw new CommandError(`${where} is no ${yaml ? "YAML" : "JSON"}: ${safeLines(messageOf(error))}.`, 2);
  }
  try {
    return (Array.isArray(value) ? value : [value]).map((one) => fromJson(AgentDefinitionSchema, one));
  } catch (error) {
    throw new CommandError(`${where} is no definition of an agent: ${safeLines(messageOf(error))}.`, 2);
  }
}

async function readText(path: string, where: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CommandError(`${where} cannot be read: ${why === "ENOENT" ? "there is no such file" : why}.`, 2);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function safeLines(lines: string): string {
  return lines.split("\n").map(safeText).join("\n");
}
