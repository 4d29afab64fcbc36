// The orchestrator's settings, read once from the environment.
import {
  type Config,
  ConfigError,
  certificateFile,
  formatDuration,
  keyFile,
  LOG_LEVELS,
  MANAGEMENT_SPEC,
  PRODUCT_VARIABLES,
  pairProblem,
  readConfig,
  type SettingText,
  type Signing,
  type Spec,
  setting,
  signingFaults,
  signingKeySetting,
  signingOf,
  type TlsFiles,
  tlsFiles,
  trustedKeysSetting,
} from "@agentspan/internal";
import { SMTP_SPEC, smtpFaults, smtpOf } from "./channels/email/settings.js";
import type { SmtpOptions } from "./channels/email/smtp-mailer.js";
import { SLACK_SPEC, type SlackOptions, slackOf } from "./channels/slack/settings.js";
import { DEFAULT_TIMING, type Timing } from "./core/index.js";
import { AddressRule } from "./posts/address-rule.js";

const SPEC = {
  mongoUri: setting.url("MONGODB_URI", {
    about: "the MongoDB replica set that keeps the runs",
    schemes: ["mongodb", "mongodb+srv"],
    default: "mongodb://127.0.0.1:27017",
  }),
  database: setting.string("AGENTSPAN_DATABASE", {
    about: "the name of the MongoDB database",
    pattern: /^[A-Za-z0-9_-]{1,63}$/,
    form: "up to 63 letters, digits, _ and -",
    default: "agentspan",
  }),
  natsUrl: setting.url("NATS_URL", {
    about: "the NATS server",
    schemes: ["nats", "tls"],
    default: "nats://127.0.0.1:4222",
  }),
  authentication: setting.boolean("AGENTSPAN_AUTH", {
    about: "whether gateways must have asked who is calling",
    default: false,
  }),
  mongoCa: certificateFile("AGENTSPAN_MONGODB_CA_FILE", "who signs the certificate of MongoDB"),
  mongoCert: certificateFile("AGENTSPAN_MONGODB_CERT_FILE", "the certificate that MongoDB is shown"),
  mongoKey: keyFile("AGENTSPAN_MONGODB_KEY_FILE", "the key of that certificate"),
  natsCa: certificateFile("AGENTSPAN_NATS_CA_FILE", "who signs the certificate of NATS"),
  natsCert: certificateFile("AGENTSPAN_NATS_CERT_FILE", "the certificate that NATS is shown"),
  natsKey: keyFile("AGENTSPAN_NATS_KEY_FILE", "the key of that certificate"),
  natsReplicas: setting.optional(
    setting.int("AGENTSPAN_NATS_REPLICAS", {
      about: "copies of the stream of tasks in a cluster of NATS servers",
      min: 1,
      max: 5,
      example: "3",
    }),
  ),
  signingKey: signingKeySetting(),
  trustedKeys: trustedKeysSetting(),
  leaseMs: setting.duration("AGENTSPAN_LEASE", {
    about: "how long a process may show no life before it is lost",
    min: 500,
    max: 600_000,
    default: DEFAULT_TIMING.leaseMs,
  }),
  heartbeatMs: setting.duration("AGENTSPAN_HEARTBEAT", {
    about: "how often a process shows life; at most a third of the lease",
    min: 100,
    max: 200_000,
    default: 3_000,
  }),
  announceMs: setting.duration("AGENTSPAN_ANNOUNCE_AFTER", {
    about: "how long a task may wait for a worker before it is announced again",
    min: 100,
    max: 600_000,
    default: DEFAULT_TIMING.announceMs,
  }),
  sweepMs: setting.duration("AGENTSPAN_SWEEP", {
    about: "how often overdue runs are looked for",
    min: 20,
    max: 60_000,
    default: 500,
  }),
  surveyMs: setting.duration("AGENTSPAN_SURVEY", {
    about: "how often runs are counted for the figures of the management port",
    min: 1_000,
    max: 3_600_000,
    default: 15_000,
  }),
  mostModelCalls: setting.int("AGENTSPAN_MODEL_CALLS", {
    about: "how many model calls are made at once",
    min: 1,
    max: 10_000,
    default: 256,
  }),
  modelTimeoutMs: setting.duration("AGENTSPAN_MODEL_TIMEOUT", {
    about: "how long one model call may take",
    min: 100,
    max: 3_600_000,
    default: 120_000,
  }),
  graceMs: setting.duration("AGENTSPAN_SHUTDOWN_GRACE", {
    about: "how long work in progress may take when the process stops",
    max: 300_000,
    default: 10_000,
  }),
  retentionMs: setting.optional(
    setting.duration("AGENTSPAN_RETENTION", {
      about: "how long finished runs are kept; for ever where it is not set",
      min: 1_000,
      max: 3_650 * 86_400_000,
      // Whoever copies it loses what is older.
      example: "30d",
    }),
  ),
  webhookAllow: setting.optional(
    setting.string("AGENTSPAN_WEBHOOK_ALLOW", {
      about: "hosts, addresses and ranges beside the open internet that webhooks may be sent to",
      pattern: /^[^\s,]+(\s*,\s*[^\s,]+)*$/,
      form: "hosts, addresses and ranges such as 10.0.0.0/8, joined by commas",
    }),
  ),
  ...MANAGEMENT_SPEC,
  ...SMTP_SPEC,
  ...SLACK_SPEC,
  publicUrl: setting.optional(
    setting.string("AGENTSPAN_PUBLIC_URL", {
      about: "where people reach the gateways, for links to them",
      pattern: /^https?:\/\/[^\s?#@]+$/,
      form: "a URL that begins with https:// or http://, without credentials, ? and #",
      example: "https://agents.acme.test",
    }),
  ),
  logLevel: setting.oneOf("AGENTSPAN_LOG_LEVEL", { about: "how much is logged", values: LOG_LEVELS, default: "info" }),
} satisfies Spec;

/** What is read here of the environment; the models read more, see modelSettings. */
export const ORCHESTRATOR_SETTINGS: readonly SettingText[] = Object.values(SPEC);
export const ORCHESTRATOR_VARIABLES: readonly string[] = ORCHESTRATOR_SETTINGS.map(({ variable }) => variable);

export interface OrchestratorConfig extends Config<typeof SPEC> {
  readonly timing: Timing;
  readonly mongoTls: TlsFiles | undefined;
  readonly natsTls: TlsFiles | undefined;
  /** Absent where no keys are set. */
  readonly signing: Signing | undefined;
  readonly webhookRule: AddressRule;
  /** Absent where no mail is sent. */
  readonly smtp: SmtpOptions | undefined;
  /** Absent where nothing is posted to Slack. */
  readonly slack: SlackOptions | undefined;
}

/** Throws one ConfigError that names every setting that is missing or wrong. */
export function orchestratorConfig(env: Readonly<Record<string, string | undefined>>): OrchestratorConfig {
  const config = readConfig(SPEC, env, { known: PRODUCT_VARIABLES });
  const { leaseMs, announceMs, mongoCa, mongoCert, mongoKey, natsCa, natsCert, natsKey } = config;
  const faults = [
    pairOf("MONGODB", mongoCert, mongoKey),
    pairOf("NATS", natsCert, natsKey),
    ...signingFaults("orchestrators", config, { required: config.authentication, now: Date.now() }),
    ...smtpFaults(config),
    heartbeatFault(config),
  ];
  const webhookRule = AddressRule.of((config.webhookAllow ?? "").split(",").flatMap((entry) => entry.trim() || []));
  if (!(webhookRule instanceof AddressRule)) faults.push(`AGENTSPAN_WEBHOOK_ALLOW: ${webhookRule.fault}.`);
  const wrong = faults.filter((fault) => fault !== undefined);
  if (wrong.length > 0 || !(webhookRule instanceof AddressRule)) throw new ConfigError(wrong);
  return {
    ...config,
    timing: { leaseMs, announceMs, maxAnnounceMs: Math.max(announceMs, DEFAULT_TIMING.maxAnnounceMs) },
    mongoTls: tlsFiles({ ca: mongoCa, cert: mongoCert, key: mongoKey }),
    natsTls: tlsFiles({ ca: natsCa, cert: natsCert, key: natsKey }),
    signing: signingOf(config),
    webhookRule,
    smtp: smtpOf(config),
    slack: slackOf(config),
  };
}

/** Who shows life more rarely is taken for lost whenever one sign of life is late. */
function heartbeatFault({ leaseMs, heartbeatMs }: { leaseMs: number; heartbeatMs: number }): string | undefined {
  if (heartbeatMs * 3 <= leaseMs) return undefined;
  const [heartbeat, lease, most] = [heartbeatMs, leaseMs, Math.floor(leaseMs / 3)].map(formatDuration);
  return `AGENTSPAN_HEARTBEAT (${heartbeat}) is more than a third of AGENTSPAN_LEASE (${lease}). Set AGENTSPAN_HEARTBEAT=${most} or less, or AGENTSPAN_LEASE=${formatDuration(heartbeatMs * 3)} or more.`;
}

function pairOf(server: "MONGODB" | "NATS", cert: string | undefined, key: string | undefined): string | undefined {
  const names = { certVariable: `AGENTSPAN_${server}_CERT_FILE`, keyVariable: `AGENTSPAN_${server}_KEY_FILE` };
  return pairProblem({ ...names, cert, key });
}
