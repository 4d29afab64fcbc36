// One orchestrator put together from its ports. It owns nothing that must survive it.
import { type Logger, newId, type Signing, systemTime, type Time } from "@agentspan/internal";
import { AgentCatalog } from "./agent-catalog.js";
import { Auditor } from "./audit/auditor.js";
import { GrantLedger } from "./audit/grant-ledger.js";
import { Refusals } from "./audit/refusals.js";
import { Channels } from "./channels/channels.js";
import { EmailChannel } from "./channels/email/email-channel.js";
import type { Mailer } from "./channels/email/smtp-mailer.js";
import { OpenApprovals } from "./channels/open-approvals.js";
import { SlackChannel, type SlackChannelOptions } from "./channels/slack/slack-channel.js";
import { WebhookChannel } from "./channels/webhook-channel.js";
import { StoreClock } from "./clock.js";
import { DEFAULT_TIMING, type Timing } from "./core/index.js";
import { DecisionLinks } from "./decision-links.js";
import { DeltaWishes } from "./delta-wishes.js";
import { Engine, type EngineFigures } from "./engine.js";
import { History } from "./history.js";
import { Instances } from "./instances.js";
import { LeaseJudge } from "./lease-judge.js";
import type { Meter } from "./meter.js";
import type { Bus, InstanceKeys, Models, Posts, Store } from "./ports.js";
import { EnvelopeGuard } from "./proof/envelope-guard.js";
import { Permits } from "./proof/permits.js";
import { Registrations } from "./proof/registrations.js";
import { requireSharedKeys } from "./proof/shared-keys.js";
import { Signatures } from "./proof/signatures.js";
import { Relay } from "./relay.js";
import { RequestService } from "./request-service.js";
import { BlockedTools, Fleet } from "./requests/index.js";
import { Retention } from "./retention.js";
import { StandingGrants } from "./standing-grants.js";
import { Surveyor } from "./surveyor.js";
import { Sweeper, type SweepFigures } from "./sweeper.js";
import { textFunctions } from "./text-functions.js";
import { UnreadableRows } from "./unreadable-rows.js";
import { Notifier } from "./webhooks/notifier.js";
import { WorkerRegistry } from "./worker-registry.js";
import { WorkerService } from "./worker-service.js";

export interface OrchestratorOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly models: Models;
  /** What webhooks are sent by; there are none without. The orchestrator closes it. */
  readonly posts?: Posts | undefined;
  /** What mail is sent by, where webhooks are; there is none without. The orchestrator closes it. */
  readonly mailer?: Mailer | undefined;
  /** What is posted to Slack by, likewise. */
  readonly slack?: Pick<SlackChannelOptions, "api" | "buttons"> | undefined;
  /** Counts what happens here; nothing is counted without, and nobody looks how the store stands. */
  readonly meter?: Meter | undefined;
  /** Between two looks how the store stands, milliseconds; 15,000 unless said. */
  readonly surveyMs?: number;
  readonly log: Logger;
  readonly timing?: Timing;
  /** How often processes show life, milliseconds. */
  readonly heartbeatMs?: number;
  /** How often overdue runs are looked for, milliseconds. */
  readonly sweepMs?: number;
  readonly mostModelCalls?: number;
  /** Whether gateways must have asked who is calling; false unless said. */
  readonly authentication?: boolean;
  /** The key that decisions, grants and outcomes are signed with, and whose signatures are believed; unsigned without. */
  readonly signing?: Signing | undefined;
  /** How long finished runs are kept, milliseconds; for ever unless said. */
  readonly retentionMs?: number | undefined;
  /** Where people reach the gateways, for links to them; links have no address without. */
  readonly publicUrl?: string | undefined;
  /** This machine's clocks and timers unless said. */
  readonly time?: Time;
  /** See PlanOptions. */
  readonly jitter?: () => number;
  /** Put to this machine's clock, milliseconds: a wrong clock must do no harm. */
  readonly clockOffsetMs?: number;
}

export interface Orchestrator {
  /** Fresh for each start; also the incarnation that leases hang on. */
  readonly id: string;
  /** Resolves when it goes by what the store's clock says now, where that was set. */
  readClock(): Promise<void>;
  /** What it has done since it started. */
  figures(): { readonly engine: EngineFigures; readonly sweeper: SweepFigures };
  /** Takes nothing new, finishes or hands back what it holds, within the grace. Store and bus stay open. */
  stop(graceMs: number): Promise<void>;
}

export async function startOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const { store, bus, models, meter, log, timing = DEFAULT_TIMING } = options;
  const { heartbeatMs = 3_000, sweepMs = 500, mostModelCalls = 256, clockOffsetMs = 0 } = options;
  const given = options.time ?? systemTime;
  const time: Time = clockOffsetMs === 0 ? given : { ...given, wall: () => given.wall() + clockOffsetMs };
  const id = newId("orc");

  await store.prepare();
  const clock = new StoreClock({ serverTime: () => store.serverTime(), log, time });
  await clock.start();
  const agents = new AgentCatalog(store, clock);
  const history = new History(store);
  const signatures =
    options.signing && new Signatures({ signing: options.signing, history, agents, text: textFunctions, audit: store });
  const { leaseMs } = timing;
  const pollMs = Math.max(100, Math.floor(heartbeatMs / 3));
  const { signing } = options;
  const permits = new Permits({ trusted: signing?.trusted, store, clock, intervalMs: pollMs, log, time });
  const registrations = new Registrations({ signing, permits, clock, log });
  const registry = new WorkerRegistry(store, time, registrations);
  const wishes = new DeltaWishes(() => time.monotonic());
  bus.onDeltaWish((namespace, runId) => wishes.wish(namespace, runId));
  const ledger = new GrantLedger({ store, clock, signing: options.signing, log });
  const engine = new Engine({
    store,
    agents,
    clock,
    timing,
    text: textFunctions,
    orchestratorId: id,
    signatures,
    log,
    time,
    jitter: options.jitter,
    onCommitted: (committed) => {
      meter?.committed(committed);
      relay.act(committed);
      notifier?.hint(committed);
    },
  });
  const relay: Relay = new Relay({
    engine,
    history,
    agents,
    signatures,
    registry,
    grants: new StandingGrants({ store, ledger, agents, clock, log, time, signing: options.signing }),
    models,
    bus,
    wishes,
    clock,
    orchestratorId: id,
    log,
    meter,
    mostModelCalls,
    time,
  });
  const inHand = (): readonly string[] => relay.inHand();
  const keys = options.signing && keysOf(options.signing, clock.now());
  const instances = new Instances({
    store,
    incarnation: id,
    intervalMs: heartbeatMs,
    leaseMs,
    log,
    inHand,
    time,
    keys,
  });
  const judge = new LeaseJudge({
    store,
    leaseMs,
    pollMs,
    log,
    time,
    ownWritesQuick: () => instances.ownWritesQuick(),
    busAnswers: (withinMs) => bus.answers(withinMs),
  });
  const sweeper = new Sweeper({
    store,
    engine,
    relay,
    judge,
    clock,
    timing,
    orchestratorId: id,
    intervalMs: sweepMs,
    batch: 200,
    atOnce: 16,
    log,
    time,
  });
  bus.onReconnect(() => sweeper.announceAgain());
  const workers = new WorkerService({
    store,
    bus,
    engine,
    history,
    instances,
    registry,
    clock,
    orchestratorId: id,
    leaseMs,
    heartbeatMs,
    signatures,
    permits,
    registrations,
    meter,
    log,
    time,
  });
  const blocked = new BlockedTools(store, leaseMs, time);
  const fleet = new Fleet({ store, bus, registrations, clock, leaseMs, log, time });
  const key = options.signing?.key;
  const refusals = new Refusals({ store, clock, key, log, time });
  const auditor = new Auditor({
    store,
    history,
    clock,
    orchestratorId: id,
    orchestrators: () => judge.liveOrchestrators(),
    key,
    log,
    alsoEachTime: () => refusals.count(),
    time,
  });
  const links = new DecisionLinks({ store, clock, signing, publicUrl: options.publicUrl });
  const { posts, mailer, publicUrl } = options;
  const approvals = new OpenApprovals(store);
  const https = posts && new WebhookChannel({ posts, clock });
  const slack = options.slack && new SlackChannel({ ...options.slack, store, clock, approvals, publicUrl });
  const mail = mailer && new EmailChannel({ mailer, clock, approvals, links, publicUrl });
  const notifier: Notifier | undefined =
    https &&
    new Notifier({
      ...{ store, history, clock, orchestratorId: id, meter, log, time },
      channel: new Channels({
        "https:": https,
        "http:": https,
        ...(mail && { "mailto:": mail }),
        ...(slack && { "slack:": slack }),
      }),
      orchestrators: () => judge.liveOrchestrators(),
      signing: options.signing,
    });
  const { retentionMs } = options;
  const retention =
    retentionMs === undefined
      ? undefined
      : new Retention({
          ...{ store, auditor, notifier, clock, orchestratorId: id, log, time },
          keepMs: retentionMs,
          orchestrators: () => judge.liveOrchestrators(),
        });
  const orchestrators = (): readonly string[] => judge.liveOrchestrators();
  const surveyor =
    meter &&
    new Surveyor({ store, meter, clock, orchestratorId: id, orchestrators, log, time, intervalMs: options.surveyMs });
  const requests = new RequestService({
    orchestratorId: id,
    meter,
    context: {
      ...{ engine, store, agents, history, models, clock, blocked, fleet, auditor, refusals, ledger, links },
      signing: options.signing,
      webhooks: notifier,
      unreadable: new UnreadableRows({ log }),
    },
    log,
    envelopes: options.signing && new EnvelopeGuard({ trusted: options.signing.trusted, clock, log }),
    authentication: options.authentication ?? false,
  });

  /** Whoever looks next finds that this process is gone, and need not wait for a lease that it no longer holds. */
  async function handBack(): Promise<void> {
    const left = relay.leftCalls();
    if (left.length === 0) return;
    log.info({ modelCalls: left.length }, "Handing back model calls");
    const due = clock.now() + 2 * pollMs;
    const told = await Promise.allSettled(
      left.map(({ runId, key }) => engine.execute(runId, { type: "reschedule", due: { [key]: due } })),
    );
    const untold = told.filter(({ status }) => status === "rejected").length;
    if (untold > 0) log.warn({ modelCalls: untold }, "Model calls are made by others only when they are due");
  }

  await instances.start();
  try {
    await requireSharedKeys({ store, incarnation: id, keys, leaseMs, time });
    await permits.start();
  } catch (error) {
    clock.stop();
    await instances.stop();
    throw error;
  }
  // Whoever is there already has its share of the first sweep.
  await judge.poll();
  judge.start();
  await bus.serve(id, (envelope) => requests.handle(envelope), workers);
  sweeper.start();
  auditor.start();
  notifier?.start();
  retention?.start();
  surveyor?.start();
  meter?.follow({
    engine: () => engine.figures,
    sweeper: () => sweeper.figures,
    modelCalls: () => relay.inHand().length,
  });
  log.info({ orchestratorId: id }, "Ready");

  return {
    id,
    readClock: () => clock.readAnew(),
    figures: () => ({ engine: engine.figures, sweeper: sweeper.figures }),
    async stop(graceMs) {
      await bus.drain();
      await Promise.all([sweeper.stop(), workers.stop(), auditor.stop(), retention?.stop(), surveyor?.stop()]);
      await refusals.count(true);
      await relay.stop(graceMs);
      await engine.drain();
      await notifier?.stop();
      judge.stop();
      permits.stop();
      clock.stop();
      await instances.stop();
      await handBack();
    },
  };
}

function keysOf({ key, trusted }: Signing, now: number): InstanceKeys {
  return { signing: key.id, trusted: trusted.ids("orchestrators", now) };
}
