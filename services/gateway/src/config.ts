import {
  type Config,
  ConfigError,
  certificateFile,
  keyFile,
  LOG_LEVELS,
  MANAGEMENT_SPEC,
  PRODUCT_VARIABLES,
  pairProblem,
  readConfig,
  type SettingText,
  type SigningKey,
  type Spec,
  setting,
  signingFaults,
  signingKey,
  signingKeySetting,
  signingOf,
  type TlsFiles,
  type TrustedKeys,
  tlsFiles,
  trustedKeysSetting,
} from "@agentspan/internal";
import { type ReadSetting, readIssuers, readKeys, twice } from "./auth/auth-settings.js";
import type { Authentication } from "./auth/authentication.js";
import { builtDesk } from "./desk/desk-files.js";
import { DEFAULTS, hostProblem } from "./gateway.js";
import type { ServerTls } from "./server-tls.js";
import type { SlackOptions } from "./slack/slack.js";
import { SLACK_SPEC, slackOf } from "./slack/slack-settings.js";

const SPEC = {
  host: setting.string("AGENTSPAN_HOST", { about: "the address the gateway listens on", default: DEFAULTS.host }),
  port: setting.int("AGENTSPAN_PORT", {
    about: "the port for gRPC, gRPC-Web, Connect and JSON; 0 takes any free one",
    min: 0,
    max: 65_535,
    default: DEFAULTS.port,
  }),
  grpcPort: setting.int("AGENTSPAN_GRPC_PORT", {
    about: "the port for gRPC alone; 0 takes any free one",
    min: 0,
    max: 65_535,
    default: DEFAULTS.grpcPort,
  }),
  auth: setting.boolean("AGENTSPAN_AUTH", { about: "whether everybody is asked who they are", default: false }),
  apiKeys: setting.optional(setting.secret("AGENTSPAN_API_KEYS", { about: "API keys, as a list in JSON" })),
  apiKeysFile: setting.optional(
    setting.file("AGENTSPAN_API_KEYS_FILE", { about: "a file with API keys, as a list in JSON", secret: true }),
  ),
  issuers: setting.optional(setting.secret("AGENTSPAN_OIDC_ISSUERS", { about: "trusted issuers, as a list in JSON" })),
  issuersFile: setting.optional(
    setting.file("AGENTSPAN_OIDC_ISSUERS_FILE", {
      about: "a file with trusted issuers, as a list in JSON",
      secret: true,
    }),
  ),
  origins: setting.optional(
    setting.string("AGENTSPAN_ALLOWED_ORIGINS", {
      about: "web pages that may ask, beside those of this machine",
      pattern: /^https?:\/\/[^\s/,*]+(\s*,\s*https?:\/\/[^\s/,*]+)*$/,
      form: "origins without a path, joined by commas",
      example: "https://desk.acme.test",
    }),
  ),
  desk: setting.boolean("AGENTSPAN_DESK", { about: "whether the approval desk is served at /", default: true }),
  tlsCert: certificateFile("AGENTSPAN_TLS_CERT_FILE", "the gateway's certificate"),
  tlsKey: keyFile("AGENTSPAN_TLS_KEY_FILE", "the key of the gateway's certificate"),
  tlsClientCa: certificateFile("AGENTSPAN_TLS_CLIENT_CA_FILE", "who signs the certificates that clients must show"),
  natsCa: certificateFile("AGENTSPAN_NATS_CA_FILE", "who signs the certificate of NATS"),
  natsCert: certificateFile("AGENTSPAN_NATS_CERT_FILE", "the certificate that NATS is shown"),
  natsKey: keyFile("AGENTSPAN_NATS_KEY_FILE", "the key of that certificate"),
  ...SLACK_SPEC,
  signingKey: signingKeySetting(),
  trustedKeys: trustedKeysSetting(),
  ...MANAGEMENT_SPEC,
  natsUrl: setting.url("NATS_URL", {
    about: "the NATS server",
    schemes: ["nats", "tls"],
    default: "nats://127.0.0.1:4222",
  }),
  logLevel: setting.oneOf("AGENTSPAN_LOG_LEVEL", { about: "how much is logged", values: LOG_LEVELS, default: "info" }),
  requestTimeoutMs: setting.duration("AGENTSPAN_REQUEST_TIMEOUT", {
    about: "how long a request to the orchestrators may take",
    min: 100,
    max: 300_000,
    default: DEFAULTS.requestTimeoutMs,
  }),
  graceMs: setting.duration("AGENTSPAN_SHUTDOWN_GRACE", {
    about: "how long calls in progress may take when the gateway stops; 3 s come on top for what is left then",
    max: 300_000,
    default: DEFAULTS.graceMs,
  }),
} satisfies Spec;

/** What is read here of the environment. */
export const GATEWAY_SETTINGS: readonly SettingText[] = Object.values(SPEC);
export const GATEWAY_VARIABLES: readonly string[] = GATEWAY_SETTINGS.map(({ variable }) => variable);

type Values = Config<typeof SPEC>;

export interface GatewayConfig
  extends Pick<
    Values,
    | "host"
    | "port"
    | "grpcPort"
    | "managementHost"
    | "managementPort"
    | "natsUrl"
    | "logLevel"
    | "requestTimeoutMs"
    | "graceMs"
  > {
  /** The folder of the approval desk; undefined where it is off. */
  readonly desk: string | undefined;
  readonly authentication: Authentication | undefined;
  readonly allowedOrigins: readonly string[];
  readonly tls: ServerTls | undefined;
  readonly natsTls: TlsFiles | undefined;
  readonly signingKey: SigningKey | undefined;
  readonly trustedKeys: TrustedKeys | undefined;
  /** Absent where nothing is heard of Slack. */
  readonly slack: SlackOptions | undefined;
}

/** Throws one ConfigError that names every setting that is missing or wrong. */
export function gatewayConfig(env: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const faults: string[] = [];
  let values: Values | undefined;
  try {
    values = readConfig(SPEC, env, { known: PRODUCT_VARIABLES });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
  }
  // Also where another setting is wrong: whoever corrects it should hear of this one too.
  const host = values?.host ?? (env.AGENTSPAN_HOST?.trim() || DEFAULTS.host);
  const auth = values?.auth ?? isOn(env.AGENTSPAN_AUTH);
  const problem = hostProblem(host, auth);
  if (problem !== undefined) faults.push(problem);
  if (values !== undefined) faults.push(...portFaults(values));
  const authentication = values === undefined ? undefined : authenticationOf(values, faults);
  if (values !== undefined) {
    faults.push(...tlsFaults(values), ...signingFaults("gateways", values, { required: values.auth, now: Date.now() }));
  }
  if (auth && values?.signingKey !== undefined && values.trustedKeys === undefined) {
    faults.push(
      "AGENTSPAN_SIGNING_KEY_FILE is set and AGENTSPAN_TRUSTED_KEYS_FILE is not: whose word about API keys is to be believed? Set both.",
    );
  }
  const slack = values === undefined ? undefined : slackOf(values, auth, faults);
  if (values === undefined || faults.length > 0) throw new ConfigError(faults);

  const { port, grpcPort, managementHost, managementPort, natsUrl, logLevel, requestTimeoutMs, graceMs } = values;
  return {
    ...{ host, port, grpcPort, managementHost, managementPort, natsUrl, logLevel, requestTimeoutMs, graceMs },
    authentication,
    desk: values.desk ? builtDesk() : undefined,
    allowedOrigins: (values.origins ?? "").split(",").flatMap((origin) => origin.trim() || []),
    tls: serverTlsOf(values),
    trustedKeys: signingOf(values)?.trusted,
    slack,
    signingKey: values.signingKey === undefined ? undefined : signingKey(values.signingKey),
    natsTls: tlsFiles({ ca: values.natsCa, cert: values.natsCert, key: values.natsKey }),
  };
}

function portFaults({ port, grpcPort, managementPort }: Values): readonly string[] {
  const ports = [
    ["AGENTSPAN_PORT", port],
    [`AGENTSPAN_GRPC_PORT (${DEFAULTS.grpcPort} unless said)`, grpcPort],
    ["AGENTSPAN_MANAGEMENT_PORT", managementPort],
  ] as const;
  return ports.flatMap(([name, one], at) =>
    ports
      .slice(at + 1)
      .filter(([, other]) => other === one && other !== 0 && other !== undefined)
      .map(([other]) => `${name} and ${other} both name port ${one}: each takes one of its own.`),
  );
}

function isOn(text: string | undefined): boolean {
  return ["true", "1", "yes", "on"].includes(text?.trim().toLowerCase() ?? "");
}

function authenticationOf(values: Values, faults: string[]): Authentication | undefined {
  const collect = <T>(texts: readonly (readonly [string, string | undefined])[], read: ReadTexts<T>): readonly T[] =>
    texts.flatMap(([variable, text]) => {
      const found = text === undefined ? { values: [] } : read(variable, text);
      if ("values" in found) return found.values;
      faults.push(...found.faults);
      return [];
    });
  const { apiKeys, apiKeysFile, issuers, issuersFile, auth, origins } = values;
  const authentication: Authentication = {
    keys: collect(
      [
        ["AGENTSPAN_API_KEYS", apiKeys],
        ["AGENTSPAN_API_KEYS_FILE", apiKeysFile],
      ],
      readKeys,
    ),
    issuers: collect(
      [
        ["AGENTSPAN_OIDC_ISSUERS", issuers],
        ["AGENTSPAN_OIDC_ISSUERS_FILE", issuersFile],
      ],
      readIssuers,
    ),
  };
  for (const id of twice(authentication.keys.map(({ keyId }) => keyId))) {
    faults.push(`AGENTSPAN_API_KEYS has two keys of the id ${id}. Give each its own.`);
  }
  for (const issuer of twice(authentication.issuers.map((one) => one.issuer))) {
    faults.push(`AGENTSPAN_OIDC_ISSUERS has ${issuer} twice. Keep one.`);
  }
  if (auth) return authentication;
  const set = [apiKeys, apiKeysFile, issuers, issuersFile, origins].some((text) => text !== undefined);
  // Whoever wrote down who may ask did not mean everybody.
  if (set) {
    faults.push(
      "API keys, issuers or origins are set, and AGENTSPAN_AUTH is off. Set AGENTSPAN_AUTH=on, or remove them.",
    );
  }
  return undefined;
}

type ReadTexts<T> = (variable: string, json: string) => ReadSetting<T>;

function tlsFaults({ tlsCert, tlsKey, tlsClientCa, natsCert, natsKey }: Values): readonly string[] {
  const server = { certVariable: "AGENTSPAN_TLS_CERT_FILE", keyVariable: "AGENTSPAN_TLS_KEY_FILE" };
  const nats = { certVariable: "AGENTSPAN_NATS_CERT_FILE", keyVariable: "AGENTSPAN_NATS_KEY_FILE" };
  return [
    pairProblem({ ...server, cert: tlsCert, key: tlsKey }),
    pairProblem({ ...nats, cert: natsCert, key: natsKey }),
    tlsClientCa !== undefined && tlsCert === undefined
      ? "AGENTSPAN_TLS_CLIENT_CA_FILE is set and AGENTSPAN_TLS_CERT_FILE is not: clients show certificates by TLS only. Set both."
      : undefined,
  ].filter((problem) => problem !== undefined);
}

function serverTlsOf({ tlsCert, tlsKey, tlsClientCa }: Values): ServerTls | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return { cert: tlsCert, key: tlsKey, ...(tlsClientCa === undefined ? {} : { clientCa: tlsClientCa }) };
}
