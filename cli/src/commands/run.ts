// agentspan run FILE: an agent of a file, from its start to its end.
import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { newId } from "@agentspan/internal";
import { defaultDataDir, runningStack } from "@agentspan/local";
import { AgentService, RunService } from "@agentspan/proto";
import type { AgentRuntime, RunEvent } from "@agentspan/sdk";
import { commandsFor } from "../approval-view.js";
import { CommandError, Interrupted } from "../command-error.js";
import { commandName } from "../command-name.js";
import { askingPerson, type Decider } from "../demo/deciders.js";
import { watchRun } from "../demo/watch-run.js";
import { eventLine, resultWords } from "../event-line.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import type { ServerTarget } from "../profiles/server-target.js";
import { agentsIn, type ForeignAgent, runtimeFor, thrownBy } from "../run/agent-module.js";
import { readDefinitions } from "../run/definition-file.js";
import { programOver, runPython } from "../run/own-program.js";
import { requireCompleted } from "../run-outcome.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { StopRequests } from "../stop-requests.js";

export interface RunFileFlags extends UrlOption {
  /** Which of several that the file exports. */
  readonly agent?: string;
  readonly natsUrl?: string;
  readonly json?: boolean;
}

/** Starts a run, and resolves with the server's id of it. */
type Start = (input: string, signal: AbortSignal) => Promise<string>;

export function runFile(file: string, input: string | undefined, flags: RunFileFlags, output: Output): Promise<void> {
  const kind = KINDS[extname(file).toLowerCase()];
  if (kind === undefined) {
    throw new CommandError(`${safeText(file)} is of no kind that can be run: ${Object.keys(KINDS).join(", ")}.`, 2);
  }
  const path = resolve(file);
  if (!existsSync(path)) throw new CommandError(`There is no file ${safeText(path)}.`, 2);
  return withServer(flags, async (runtime, target) => {
    if (kind === "definition") return follow(runtime, startDefinition(runtime, path), input, flags, output);
    const natsUrl = flags.natsUrl ?? target.natsUrl ?? localNatsUrl(target.url);
    Object.assign(process.env, settingsOf(target, natsUrl));
    const args = input === undefined ? [] : [input];
    if (kind === "python") {
      process.exitCode = await runPython(path, args, process.env);
      return;
    }
    // As `node FILE` has it, for a file that is a program.
    process.argv = [process.execPath, path, ...args];
    const { agents, names } = await agentsIn(path);
    if (agents.length === 0 && flags.agent === undefined) {
      if (names.length > 0) {
        output.failure(`${safeText(file)} exports no agent (but ${safeText(names.join(", "))}): it runs as a program.`);
      }
      return programOver();
    }
    const agent = chosen(agents, flags.agent, file);
    const { url, apiKey } = target;
    const own = await runtimeFor(path, { ...{ url, grace: "5s" }, ...withoutUndefined({ apiKey, natsUrl }) });
    const start: Start = async (said, signal) => {
      try {
        return (await own.start(agent, said, { signal })).runId;
      } catch (error) {
        throw signal.aborted ? error : thrownBy(file, error);
      }
    };
    try {
      await follow(runtime, start, input, flags, output);
    } finally {
      await own.shutdown();
    }
  });
}

const KINDS: Readonly<Record<string, "module" | "definition" | "python">> = {
  ...{ ".mjs": "module", ".js": "module", ".cjs": "module" },
  ...{ ".ts": "module", ".mts": "module", ".cts": "module" },
  ...{ ".json": "definition", ".yaml": "definition", ".yml": "definition" },
  ".py": "python",
};

async function follow(
  runtime: AgentRuntime,
  start: Start,
  said: string | undefined,
  { json }: RunFileFlags,
  output: Output,
): Promise<void> {
  const input = await inputOf(said);
  const stops = new StopRequests();
  const asks = output.interactive && json !== true;
  const decider: Decider = asks ? askingPerson(process.stdin, output, () => stops.request()) : nobody;
  const signal = stops.first;
  let runId: string | undefined;
  try {
    runId = await start(input, signal);
    const handle = runtime.handle(runId);
    if (json !== true) output.line(`Run ${runId}`);
    const show = (event: RunEvent): void => {
      if (json === true) output.json(event, { pretty: false });
      else output.line(eventLine(event, output.columns));
      if (asks || json === true || event.type !== "waiting") return;
      for (const command of commandsFor(event.approval)) output.line(`      $ ${command}`);
    };
    const words = asks ? output : output.muted();
    const findAgain = [`${commandName()} runs show ${runId}`];
    await watchRun({ handle, decider, output: words, findAgain, signal, show, toleratesRefusals: true });
    const status = await handle.getStatus({ signal });
    if (json !== true && status.output.result !== undefined) {
      output.line(`\nResult: ${safeText(resultWords(status.output.result))}`);
    }
    requireCompleted(status);
  } catch (error) {
    if (!signal.aborted) throw error;
    if (runId !== undefined) {
      output.failure(`\nThe run is kept, and goes on where its tools are served: ${commandName()} runs show ${runId}`);
    }
    throw new Interrupted();
  } finally {
    decider.close();
    stops.close();
  }
}

/** Where there is no terminal: somebody else decides, from wherever they are. */
const nobody: Decider = { decide: async () => undefined, close: () => undefined };

async function inputOf(said: string | undefined): Promise<string> {
  if (said !== undefined && said !== "-") return said;
  if (process.stdin.isTTY === true && said === undefined) {
    throw new CommandError("Say what the agent is to do, behind the file or on the standard input.", 2);
  }
  const input = (await text(process.stdin)).trim();
  if (input !== "") return input;
  throw new CommandError("Say what the agent is to do: the standard input is empty.", 2);
}

function startDefinition({ client }: AgentRuntime, path: string): Start {
  return async (input, signal) => {
    const [agent, ...others] = await readDefinitions(path);
    if (agent === undefined) throw new CommandError(`${safeText(path)} has no definition.`, 2);
    for (const other of others) await client.call(AgentService.method.putAgent, { agent: other }, signal);
    const request = { source: { case: "agent", value: agent } as const, input, idempotencyKey: newId("key") };
    return (await client.call(RunService.method.start, request, signal)).runId;
  };
}

function chosen(agents: readonly ForeignAgent[], name: string | undefined, file: string): ForeignAgent {
  const fitting = agents.filter((agent) => name === undefined || agent.name === name);
  const [agent, ...others] = fitting;
  if (agent !== undefined && others.length === 0) return agent;
  const names = agents.map((one) => safeText(one.name)).join(", ") || "none";
  const which = name === undefined ? "Say which one with --agent" : `None of them is ${safeText(name)}`;
  throw new CommandError(`${safeText(file)} exports these agents: ${names}. ${which}.`, 2);
}

/** Of the server on this machine, which may have another port than the usual one. */
function localNatsUrl(url: string): string | undefined {
  const record = runningStack(defaultDataDir(process.env));
  return record?.url === url ? record.natsUrl : undefined;
}

function settingsOf({ url, apiKey }: ServerTarget, natsUrl: string | undefined): NodeJS.ProcessEnv {
  return withoutUndefined({ AGENTSPAN_SERVER_URL: url, AGENTSPAN_API_KEY: apiKey, AGENTSPAN_NATS_URL: natsUrl });
}

function withoutUndefined<K extends string>(
  values: Readonly<Record<K, string | undefined>>,
): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<K, string>
  >;
}
