import { AgentRuntime } from "../../agent-runtime.js";
import { toMilliseconds } from "../../duration.js";
import { KIT_OPTIONS, Kit, type KitOptions } from "../kit.js";
import { kitLogger } from "../kit-logger.js";
import { checked, checkOptions } from "../script-check.js";
import { scriptedParts } from "../scripted-parts.js";
import { ModelServer } from "./model-server.js";
import { ServerProcess } from "./server-process.js";
import { ServerWorld } from "./server-world.js";

export interface LocalServerOptions {
  /** What starts it, before `server start`; `agentspan` unless said. */
  readonly command?: readonly string[];
  /** Providers whose models the kit's model stands in for: openai, anthropic, gemini, ollama and vllm unless said. */
  readonly providers?: readonly string[];
  /** Environment variables of the server. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface LocalServer {
  readonly url: string;
  readonly natsUrl: string;
  /**
   * A kit on this server. One at a time, since its model answers for all agents: rejects with KitError where another one
   * was not stopped.
   */
  kit(options: KitOptions): Promise<Kit>;
  stop(): Promise<void>;
}

const PROVIDERS = ["openai", "anthropic", "gemini", "ollama", "vllm"] as const;
const STARTS_WITHIN_MS = 120_000;

/**
 * Starts `agentspan server start`, with its real processes, for kits: what a test says with memoryKit() it says with
 * `server.kit()`. Time is real there: a run that waits for days cannot be tested.
 *
 * @example
 * const server = await startLocalServer();
 * await using kit = await server.kit({ model: [says("Hello.")] });
 */
export async function startLocalServer({
  command = ["agentspan"],
  providers: names = PROVIDERS,
  env = {},
}: LocalServerOptions = {}): Promise<LocalServer> {
  const model = await ModelServer.start();
  const providers = Object.fromEntries(names.map((name) => [name, { baseUrl: model.baseUrl }]));
  const variables = { AGENTSPAN_MODEL_PROVIDERS: JSON.stringify(providers), AGENTSPAN_AUTH: "off", ...env };
  try {
    const server = await ServerProcess.start({ command, env: variables, withinMs: STARTS_WITHIN_MS });
    const { url, natsUrl } = server;
    return {
      url,
      natsUrl,
      kit: async (options) => kitOn({ url, natsUrl, model }, options),
      stop: async () => {
        await server.stop();
        await model.stop();
      },
    };
  } catch (error) {
    await model.stop();
    throw error;
  }
}

function kitOn(
  { url, natsUrl, model }: { readonly url: string; readonly natsUrl: string; readonly model: ModelServer },
  options: KitOptions,
): Kit {
  checkOptions(options, "server.kit()", KIT_OPTIONS);
  const patienceMs = checked(() => toMilliseconds(options.patience ?? "30s", "patience"));
  const { model: scripted, decisions, hooks: testHooks, toolNames } = scriptedParts(options);
  const runtime = new AgentRuntime({ url, natsUrl, logger: kitLogger(), testHooks });
  const leave = model.use(scripted);
  return new Kit({ world: new ServerWorld({ runtime, patienceMs, leave }), model: scripted, decisions, toolNames });
}
