import { hostname } from "node:os";
import { AgentspanError, newId } from "@agentspan/internal";
import { AgentService, RunService, type StartRequest } from "@agentspan/proto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Agent } from "./agent.js";
import { AgentHandle } from "./agent-handle.js";
import type { AgentResult } from "./agent-result.js";
import { AgentStream, STREAM_OPTIONS, type StreamOptions } from "./agent-stream.js";
import { type Carriers, networkCarriers } from "./carriers.js";
import { type Duration, toMilliseconds } from "./duration.js";
import { defaultLogger } from "./logger.js";
import { type OptionKinds, requireKind, requireOptions, shown } from "./option-check.js";
import { FIRST_CONTACT_MS, RunClient } from "./rpc/run-client.js";
import { RUNTIME_OPTIONS, type RuntimeOptions } from "./runtime-options.js";
import { StandingGrants } from "./standing-grants.js";
import { askedToStop } from "./stop-signals.js";
import { readTrustedKeys } from "./worker/grant-signature.js";
import { Worker } from "./worker/worker.js";
import { CREDENTIALS_VARIABLE, readWorkerCredentials, workerIdFor } from "./worker/worker-credentials.js";

export interface StartOptions {
  /** The same key gives the same run; a fresh one unless said. At most 256 bytes. */
  readonly idempotencyKey?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Overrides the agent's own. */
  readonly deadline?: Duration;
  /** For whom a delegate starts the run. */
  readonly onBehalfOf?: string;
  /** Whether this process serves the agent's tools; true unless said. False where another process serves them. */
  readonly serve?: boolean;
  readonly signal?: AbortSignal;
}

/** An agent of this program, or the name of one that the server has. */
export type AgentSource = Agent | string | { readonly name: string; readonly version: string };

export interface ServeOptions {
  /** True unless said: resolves when the process is asked to stop (SIGTERM, SIGINT) and has shut down. */
  readonly blocking?: boolean;
}

const START_OPTIONS: OptionKinds<StartOptions> = {
  idempotencyKey: "text",
  labels: "texts",
  deadline: "duration",
  onBehalfOf: "text",
  serve: "flag",
  signal: "signal",
};
const { after: _, ...startedStream } = STREAM_OPTIONS;
const STARTED_STREAM_OPTIONS = { ...START_OPTIONS, ...startedStream };
const SERVE_OPTIONS: OptionKinds<ServeOptions> = { blocking: "flag" };

/** A server as one program sees it: starts runs, reaches them again, and serves tools. All methods throw AgentspanError. */
export class AgentRuntime {
  /** What handles speak through. */
  readonly client: RunClient;
  /** What approvers allow beforehand. */
  readonly grants: StandingGrants;
  readonly #options: RuntimeOptions;
  readonly #carriers: Carriers;
  readonly #patienceMs: number;
  readonly #stopping = new AbortController();
  readonly #stored = new WeakSet<Agent>();
  #worker: Worker | undefined;
  #shutdown: Promise<void> | undefined;

  /** `carriers` is what it speaks over; the network unless given, as the testing kit does. */
  constructor(options: RuntimeOptions = {}, carriers?: Carriers) {
    requireOptions(options, "The AgentRuntime", RUNTIME_OPTIONS);
    this.#carriers = carriers ?? networkCarriers(options);
    this.#options = options;
    this.#patienceMs = toMilliseconds(options.retryFor ?? "30s", "retryFor");
    const { transport, time } = this.#carriers;
    this.client = new RunClient(transport, {
      patienceMs: this.#patienceMs,
      renewsKey: typeof options.apiKey === "function",
    });
    this.grants = new StandingGrants(this.client, time);
  }

  /**
   * Serves the agent's tools from this process and starts a run; returns when the run is stored, before any model call.
   * A process that has nothing else to do ends, so wait for the result or serve.
   */
  async start(agent: AgentSource, input: string, options: StartOptions = {}): Promise<AgentHandle> {
    requireStart("start()", agent, input, options, START_OPTIONS);
    return this.#start(agent, input, options);
  }

  async #start(agent: AgentSource, input: string, options: StartOptions): Promise<AgentHandle> {
    const agents = isAgent(agent) ? [...agent.below, agent] : [];
    if (agents.some(({ served }) => served.length > 0) && options.serve !== false) {
      // A server that is not there at all is told at once: a person waits for the sentence.
      const firstContactMs = Math.min(FIRST_CONTACT_MS, this.#patienceMs);
      await this.#servingWorker().serve(agents, { patienceMs: this.#patienceMs, firstContactMs });
    }
    if (isAgent(agent)) await this.#put(agent.below, options.signal);
    const { runId } = await this.client.call(
      RunService.method.start,
      {
        source: sourceOf(agent),
        agentVersion: typeof agent === "object" && "version" in agent ? agent.version : "",
        input,
        idempotencyKey: options.idempotencyKey ?? newId("key"),
        labels: { ...options.labels },
        onBehalfOf: options.onBehalfOf ?? "",
        ...(options.deadline !== undefined && {
          deadline: durationFromMs(toMilliseconds(options.deadline, "deadline")),
        }),
      },
      options.signal,
    );
    return this.handle(runId);
  }

  /** Stores the definitions that runs of an agent start others of, once each. */
  async #put(agents: readonly Agent[], signal: AbortSignal | undefined): Promise<void> {
    for (const agent of agents) {
      if (this.#stored.has(agent)) continue;
      await this.client.call(AgentService.method.putAgent, { agent: agent.definition }, signal);
      this.#stored.add(agent);
    }
  }

  /** Starts a run and waits until it has ended, for as long as a person takes to decide. */
  async run(agent: AgentSource, input: string, options: StartOptions = {}): Promise<AgentResult> {
    requireStart("run()", agent, input, options, START_OPTIONS);
    const handle = await this.#start(agent, input, options);
    return handle.result(options.signal ? { signal: options.signal } : {});
  }

  /**
   * Starts a run and gives its events; a start that fails is told by the first use of the stream. Throws INVALID_REQUEST
   * where the options cannot be used.
   */
  stream(agent: AgentSource, input: string, options: StartOptions & Omit<StreamOptions, "after"> = {}): AgentStream {
    requireStart("stream()", agent, input, options, STARTED_STREAM_OPTIONS);
    return new AgentStream(this.#start(agent, input, options), options);
  }

  /** A run by its id, from whatever process started it. Asks nothing. */
  handle(runId: string): AgentHandle {
    return new AgentHandle({ runId, runtime: this });
  }

  /**
   * Serves the tools of agents, and keeps the process alive. Resolves, with `blocking: false`, when the server knows of
   * it; else when the process was asked to stop and has shut down, and waits for a server for as long as it takes.
   */
  async serve(agents: Agent | readonly Agent[], options: ServeOptions = {}): Promise<void> {
    const list = agentsOf(agents).flatMap((agent) => [...agent.below, agent]);
    requireOptions(options, "serve()", SERVE_OPTIONS);
    const worker = this.#servingWorker();
    const serving = async (patienceMs: number) => {
      await worker.serve(list, { patienceMs, firstContactMs: patienceMs });
      await worker.keepAlive();
    };
    if (options.blocking === false) return serving(this.#patienceMs);
    const asked = askedToStop(this.#stopping.signal);
    try {
      await Promise.race([serving(Number.POSITIVE_INFINITY), asked.promise]);
      await asked.promise;
    } finally {
      asked.forget();
    }
    await this.shutdown();
  }

  /**
   * Takes no new tasks, lets running tools finish within the grace, hands back what has not begun, and closes all
   * connections. Calling it again gives the same shutdown.
   */
  shutdown(options: { readonly grace?: Duration } = {}): Promise<void> {
    this.#stopping.abort();
    this.#shutdown ??= (async () => {
      await this.#worker?.shutdown(toMilliseconds(options.grace ?? this.#options.grace ?? "25s", "grace"));
      this.client.close();
    })();
    return this.#shutdown;
  }

  #servingWorker(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { workerId, namespace, concurrency, logger, testHooks } = this.#options;
    const { openLink, time } = this.#carriers;
    const file = this.#options.credentialsFile ?? process.env[CREDENTIALS_VARIABLE] ?? "";
    const credentials = file === "" ? undefined : readWorkerCredentials(file);
    const keysFile = this.#options.trustedKeysFile ?? process.env.AGENTSPAN_TRUSTED_KEYS_FILE ?? "";
    this.#worker = new Worker({
      openLink,
      time,
      workerId: credentials === undefined ? (workerId ?? freshWorkerId()) : workerIdFor(credentials, workerId),
      credentials,
      namespace: namespace ?? "default",
      concurrency: concurrency ?? 16,
      logger: logger ?? defaultLogger(),
      trustedKeys: keysFile === "" ? undefined : readTrustedKeys(keysFile),
      ...(testHooks && { hooks: testHooks }),
    });
    return this.#worker;
  }
}

function isAgent(source: unknown): source is Agent {
  return typeof source === "object" && source !== null && "tools" in source && "definition" in source;
}

function agentsOf(agents: Agent | readonly Agent[]): readonly Agent[] {
  const list: readonly unknown[] = Array.isArray(agents) ? agents : [agents];
  return list.map((agent) => {
    if (isAgent(agent)) return agent;
    throw noAgent(`serve() takes an Agent or a list of them, and was given ${shown(agent)}.`);
  });
}

function requireStart<T extends StartOptions>(
  whose: string,
  agent: AgentSource,
  input: string,
  options: T,
  kinds: OptionKinds<T>,
): void {
  if (!isAgent(agent) && typeof agent !== "string") {
    if (typeof agent !== "object" || agent === null || !("version" in agent)) {
      throw noAgent(`${whose} takes an Agent, the name of one, or { name, version }, and was given ${shown(agent)}.`);
    }
    requireOptions(agent, `The agent of ${whose}`, { name: "text", version: "text" }, ["name", "version"]);
  }
  requireKind(input, "text", "input", `The input of ${whose}`);
  requireOptions(options, whose, kinds);
}

function noAgent(message: string): AgentspanError {
  return new AgentspanError("INVALID_REQUEST", message, { fields: [{ field: "agent", description: "is no agent" }] });
}

function sourceOf(agent: AgentSource): StartRequest["source"] {
  if (isAgent(agent)) return { case: "agent", value: agent.definition };
  return { case: "agentName", value: typeof agent === "string" ? agent : agent.name };
}

/** One token of a NATS subject that tells a person which machine it is. */
function freshWorkerId(): string {
  const host = hostname()
    .replace(/[^A-Za-z0-9_-]/g, "-")
    .slice(0, 32);
  return `${host}-${newId("w").slice(2, 12)}`;
}
