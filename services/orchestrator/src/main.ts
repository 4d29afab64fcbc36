#!/usr/bin/env node
// The orchestrator as a process: settings in, adapters wired to ports, stop on a signal.
import {
  AgentspanError,
  armFaultPoints,
  ConfigError,
  clockOffsetMs,
  createLogger,
  ManagementPortError,
  onShutdown,
  openManagementPort,
  SlackApi,
  startTracing,
  takeAwayProtoSetter,
} from "@agentspan/internal";
import { SmtpMailer } from "./channels/email/smtp-mailer.js";
import { orchestratorConfig } from "./config.js";
import { Health } from "./health.js";
import { ModelRouter } from "./models/model-router.js";
import { MongoStore } from "./mongo/mongo-store.js";
import { NatsBus } from "./nats/nats-bus.js";
import { startOrchestrator } from "./orchestrator.js";
import { GuardedPosts } from "./posts/guarded-posts.js";

takeAwayProtoSetter();

try {
  const config = orchestratorConfig(process.env);
  armFaultPoints(process.env);
  const log = createLogger("orchestrator", config.logLevel);
  // The first process of a container hears no signal that nobody handles, and a start may wait long for its servers.
  const endsAtOnce = onShutdown(async () => undefined, { graceMs: config.graceMs, log });
  const health = new Health();
  const tracing = await startTracing("agentspan-orchestrator", process.env, log);
  // Loaded where somebody can come for the figures, and nowhere else: it has its price at each start.
  const meter =
    config.managementPort === undefined
      ? undefined
      : new (await import("./metrics/orchestrator-metrics.js")).OrchestratorMetrics();
  // First, so that probes find a process that starts, and a port that is taken is told before anybody counts on this one.
  const { managementHost: host, managementPort: port } = config;
  const management = await openManagementPort({ host, port, pages: { ...health.pages, ...meter?.pages() }, log });
  const models = new ModelRouter({ environment: process.env, timeoutMs: config.modelTimeoutMs });
  health.waits("It connects to MongoDB.");
  const store = await MongoStore.connect({
    uri: config.mongoUri,
    database: config.database,
    tls: config.mongoTls,
    logger: log,
  });
  health.waits("It connects to NATS.");
  const bus = await NatsBus.connect({
    url: config.natsUrl,
    tls: config.natsTls,
    tasks: { replicas: config.natsReplicas },
    database: store,
    logger: log,
    name: "orchestrator",
    waiting: (why) => health.waits(why),
  });
  health.waits("It prepares the database and meets the other orchestrators.");
  const orchestrator = await startOrchestrator({
    ...config,
    meter,
    clockOffsetMs: clockOffsetMs(process.env),
    store,
    bus,
    models,
    posts: new GuardedPosts({ rule: config.webhookRule }),
    mailer: config.smtp && new SmtpMailer(config.smtp),
    slack: config.slack && { api: new SlackApi(config.slack.api), buttons: config.slack.buttons },
    log,
  });
  meter?.followBus(() => bus.connected);
  health.started({ store, bus });
  endsAtOnce();
  onShutdown(
    async () => {
      health.stopping();
      // Half of the grace for model calls in progress; the rest closes what is open.
      await orchestrator.stop(config.graceMs / 2);
      await bus.close();
      await models.close();
      await store.close();
      await tracing?.stop();
      await management?.close();
    },
    { graceMs: config.graceMs, log },
  );
  process.send?.({ ready: true, orchestratorId: orchestrator.id, managementPort: management?.port });
  // A parent that is gone without a word must not leave its orchestrator behind.
  if (process.channel !== undefined) process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
} catch (error) {
  const expected =
    error instanceof ConfigError ||
    error instanceof ManagementPortError ||
    (error instanceof AgentspanError && error.reason !== "INTERNAL");
  if (!expected) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
