import {
  type Config,
  ConfigError,
  LOG_LEVELS,
  PRODUCT_VARIABLES,
  readConfig,
  type Spec,
  setting,
} from "@agentspan/internal";
import { DEFAULTS, hostProblem } from "./gateway.js";

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
    about: "how long calls in progress may take when the gateway stops",
    max: 300_000,
    default: DEFAULTS.graceMs,
  }),
} satisfies Spec;

/** The environment variables that are read here. */
export const GATEWAY_VARIABLES: readonly string[] = Object.values(SPEC).map(({ variable }) => variable);

export type GatewayConfig = Config<typeof SPEC>;

/** Throws one ConfigError that names every setting that is missing or wrong. */
export function gatewayConfig(env: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const faults: string[] = [];
  let config: GatewayConfig | undefined;
  try {
    config = readConfig(SPEC, env, { known: PRODUCT_VARIABLES });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
  }
  const host = config?.host ?? (env.AGENTSPAN_HOST?.trim() || DEFAULTS.host);
  const problem = hostProblem(host);
  if (problem !== undefined) faults.push(problem);
  if (config === undefined || faults.length > 0) throw new ConfigError(faults);
  return config;
}
