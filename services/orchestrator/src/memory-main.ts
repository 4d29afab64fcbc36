#!/usr/bin/env node
// The orchestrator as a process that keeps nothing: a database in memory, and a date that tests move. For tests alone.
import { createLogger, onShutdown, SlackApi, takeAwayProtoSetter } from "@agentspan/internal";
import { SmtpMailer } from "./channels/email/smtp-mailer.js";
import { orchestratorConfig } from "./config.js";
import { emptyDatabase } from "./memory/memory-database.js";
import { MemoryStore } from "./memory/memory-store.js";
import { ClockServer } from "./memory-server/clock-server.js";
import { MovableClock } from "./memory-server/movable-clock.js";
import { MovableTime } from "./memory-server/movable-time.js";
import { ModelRouter } from "./models/model-router.js";
import { NatsBus } from "./nats/nats-bus.js";
import { startOrchestrator } from "./orchestrator.js";
import { GuardedPosts } from "./posts/guarded-posts.js";

takeAwayProtoSetter();

/** What is due is seen to at once: a test waits for it. Milliseconds. */
const SWEEP_MS = 20;

const config = orchestratorConfig(process.env);
const { timing, heartbeatMs } = config;
const log = createLogger("orchestrator", config.logLevel);
const time = new MovableTime();
const database = emptyDatabase();
let commits = 0;
const count = (operation: string) => {
  if (operation === "commit") commits += 1;
  return undefined;
};
const models = new ModelRouter({ environment: process.env, timeoutMs: config.modelTimeoutMs });
const store = new MemoryStore({ database, now: time.time.wall, fault: count });
const bus = await NatsBus.connect({ url: config.natsUrl, logger: log, name: "orchestrator" });
const orchestrator = await startOrchestrator({
  ...{ store, bus, models, log, timing, time: time.time, heartbeatMs, sweepMs: SWEEP_MS },
  posts: new GuardedPosts({ rule: config.webhookRule }),
  mailer: config.smtp && new SmtpMailer(config.smtp),
  slack: config.slack && { api: new SlackApi(config.slack.api), buttons: config.slack.buttons },
  publicUrl: config.publicUrl,
});
const clock = new MovableClock({
  ...{ time, database, timing },
  commits: () => commits,
  afterMove: () => orchestrator.readClock(),
});
const clockServer = await ClockServer.listen(clock);
onShutdown(
  async () => {
    await clockServer.close();
    await orchestrator.stop(0);
    await bus.close();
    await models.close();
    await store.close();
  },
  { graceMs: config.graceMs, log },
);
process.send?.({ ready: true, orchestratorId: orchestrator.id, clockPort: clockServer.port });
// A parent that is gone without a word must not leave its orchestrator behind.
if (process.channel !== undefined) process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
