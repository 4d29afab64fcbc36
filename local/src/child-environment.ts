// What each child gets of the environment: what it reads, and nothing else. A key of a model provider is for the
// orchestrator alone.
import { GATEWAY_VARIABLES } from "@agentspan/gateway";
import { modelVariables, ORCHESTRATOR_VARIABLES } from "@agentspan/orchestrator";
import type { Environment } from "./data-dir.js";

/** What programs need of the system to run at all. */
const SYSTEM = ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LD_LIBRARY_PATH"];
const CERTIFICATES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/** For NATS and the MongoDB server. */
export function serverEnvironment(env: Environment): NodeJS.ProcessEnv {
  return pick(env, SYSTEM);
}

export function orchestratorEnvironment(
  env: Environment,
  options: { readonly natsUrl: string; readonly mongoUri?: string; readonly auth?: boolean },
): NodeJS.ProcessEnv {
  const { natsUrl, mongoUri, auth = false } = options;
  const names = [...SYSTEM, ...CERTIFICATES, ...ORCHESTRATOR_VARIABLES.filter(isForOneOfMany), ...modelVariables(env)];
  return {
    ...pick(env, [...names, ...tracing(env)]),
    NATS_URL: natsUrl,
    ...(mongoUri === undefined ? {} : { MONGODB_URI: mongoUri }),
    ...(auth ? { AGENTSPAN_AUTH: "on" } : {}),
  };
}

export interface GatewayEnvironmentOptions {
  readonly natsUrl: string;
  readonly port: number;
  readonly grpcPort: number;
  /** Whether everybody is asked who they are; as the environment says, where not. */
  readonly auth?: boolean;
  /** As AGENTSPAN_API_KEYS has them. */
  readonly apiKeys?: string | undefined;
}

export function gatewayEnvironment(env: Environment, options: GatewayEnvironmentOptions): NodeJS.ProcessEnv {
  const { natsUrl, port, grpcPort, auth = false, apiKeys } = options;
  // On this machine it is spoken to in the clear: what the environment says of TLS is meant for another gateway.
  const names = GATEWAY_VARIABLES.filter((name) => !name.startsWith("AGENTSPAN_TLS_")).filter(isForOneOfMany);
  return {
    ...pick(env, [...SYSTEM, ...CERTIFICATES, ...names, ...tracing(env)]),
    ...(auth ? { AGENTSPAN_AUTH: "on" } : {}),
    ...(apiKeys === undefined ? {} : { AGENTSPAN_API_KEYS: apiKeys }),
    NATS_URL: natsUrl,
    AGENTSPAN_HOST: "127.0.0.1",
    AGENTSPAN_PORT: String(port),
    AGENTSPAN_GRPC_PORT: String(grpcPort),
  };
}

/** One port cannot be that of two processes of this machine. */
function isForOneOfMany(variable: string): boolean {
  return !variable.startsWith("AGENTSPAN_MANAGEMENT_");
}

/** Where traces go. The name of a service is that of whoever starts them, and they have their own. */
function tracing(env: Environment): readonly string[] {
  return Object.keys(env).filter((name) => name.startsWith("OTEL_") && name !== "OTEL_SERVICE_NAME");
}

function pick(env: Environment, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
