// A JavaScript or TypeScript file of a person's: imported here, and its agent served by the SDK that it imports itself,
// since an agent of one copy of the SDK is nobody's in another.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { AgentHandle, RuntimeOptions } from "@agentspan/sdk";
import { CommandError } from "../command-error.js";
import { withStartRemedy } from "../local-server.js";
import { safeText } from "../safe-text.js";

/** What is used of an agent that another copy of the SDK made. */
export interface ForeignAgent {
  readonly name: string;
  readonly definition: object;
}

export interface ForeignRuntime {
  start(
    agent: ForeignAgent,
    input: string,
    options: { readonly signal: AbortSignal },
  ): Promise<Pick<AgentHandle, "runId">>;
  shutdown(): Promise<void>;
}

/**
 * Runs the file, and gives the agents that it exports, and the names of all that it exports. Throws CommandError, with
 * what the file threw, where it cannot be run.
 */
export async function agentsIn(
  file: string,
): Promise<{ readonly agents: readonly ForeignAgent[]; readonly names: readonly string[] }> {
  const exported = Object.entries(await imported(file));
  const own = exported.filter(([name]) => name === "default").map(([, value]) => value);
  const agents = [...new Set([...own, ...exported.map(([, value]) => value)])].filter(isAgent);
  return { agents: own.some(isAgent) ? agents.slice(0, 1) : agents, names: exported.map(([name]) => name) };
}

/** A runtime of the SDK that the file imports. */
export async function runtimeFor(file: string, options: RuntimeOptions): Promise<ForeignRuntime> {
  let path: string;
  try {
    path = createRequire(pathToFileURL(file)).resolve("@agentspan/sdk");
  } catch {
    throw new CommandError(`${safeText(file)} has no @agentspan/sdk that it could import.`);
  }
  const sdk = (await import(pathToFileURL(path).href)) as {
    readonly AgentRuntime: new (options: RuntimeOptions) => ForeignRuntime;
  };
  return new sdk.AgentRuntime(options);
}

/** What the file's own code threw, with its stack; what the SDK has words for, without. */
export function thrownBy(file: string, thrown: unknown): CommandError {
  if (!(thrown instanceof Error)) return new CommandError(`${safeText(file)} threw ${safeText(String(thrown))}.`);
  if (thrown.name === "AgentspanError") return new CommandError(withStartRemedy(thrown.message, addressOf(thrown)));
  const stack = (thrown.stack ?? thrown.message).split("\n").map(safeText).join("\n");
  return new CommandError(`${safeText(file)} could not be run:\n${stack}`);
}

/** Where nobody answered. */
function addressOf(error: Error & { readonly metadata?: { readonly address?: string } }): string | undefined {
  return error.metadata?.address;
}

async function imported(file: string): Promise<object> {
  // What could not be imported once is not looked at again, so that the loader comes first.
  if (isTypeScript(file)) await registerTsx(file);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (codeOf(error) !== "ERR_UNKNOWN_FILE_EXTENSION" || !isTypeScript(file)) throw thrownBy(file, error);
    throw new CommandError(
      `Node ${process.versions.node} runs no TypeScript by itself. Install tsx beside ${safeText(file)} (npm install --save-dev tsx), use Node 22.18 or newer, or compile it to JavaScript first.`,
    );
  }
}

/** The loader that the file's own project has, if it has one. */
async function registerTsx(file: string): Promise<void> {
  let path: string;
  try {
    path = createRequire(pathToFileURL(file)).resolve("tsx/esm/api");
  } catch {
    return;
  }
  const tsx = (await import(pathToFileURL(path).href)) as { readonly register: () => unknown };
  tsx.register();
}

function isTypeScript(file: string): boolean {
  return /\.[cm]?ts$/i.test(file);
}

function isAgent(value: unknown): value is ForeignAgent {
  return typeof value === "object" && value !== null && "definition" in value && "tools" in value && "name" in value;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
