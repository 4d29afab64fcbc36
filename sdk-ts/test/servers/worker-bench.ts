import { TASK_STREAM } from "@agentspan/internal";
import type { RunningNats } from "@agentspan/servers";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Agent } from "../../src/agent.js";
import type { Worker, WorkerOptions } from "../../src/worker/worker.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { startOwnNats } from "./own-nats.js";
import { servedWorker } from "./served-worker.js";

/** One NATS server for a file's tests, and for each test an orchestrator and workers of its own. */
export interface Bench {
  readonly natsUrl: string;
  readonly orchestrator: FakeOrchestrator;
  /** Serves tools until the test has ended. */
  serve(tools: Agent["tools"], options?: Partial<WorkerOptions>): Promise<Worker>;
  /** Resolves when no hint is left: each was acknowledged. */
  allAcknowledged(): Promise<void>;
}

/** Registers the hooks; what it returns is usable in tests. */
export function withBench(): Bench {
  let nats: RunningNats & { stop(): Promise<void> };
  let orchestrator: FakeOrchestrator;
  const workers: Worker[] = [];

  beforeAll(async () => {
    nats = await startOwnNats();
  });
  afterAll(() => nats.stop());
  beforeEach(async () => {
    orchestrator = await FakeOrchestrator.start(nats.url);
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.shutdown(1)));
    await orchestrator.jsm.streams.delete(TASK_STREAM);
    await orchestrator.close();
  });

  return {
    get natsUrl() {
      return nats.url;
    },
    get orchestrator() {
      return orchestrator;
    },
    serve: async (tools, options) => {
      const worker = await servedWorker(nats.url, tools, options);
      workers.push(worker);
      return worker;
    },
    allAcknowledged: async () => {
      while ((await orchestrator.jsm.streams.info(TASK_STREAM)).state.messages > 0);
    },
  };
}
