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
  { natsUrl, mongoUri }: { readonly natsUrl: string; readonly mongoUri: string },
): NodeJS.ProcessEnv {
  const names = [...SYSTEM, ...CERTIFICATES, ...ORCHESTRATOR_VARIABLES, ...modelVariables(env)];
  return { ...pick(env, names), NATS_URL: natsUrl, MONGODB_URI: mongoUri };
}

export function gatewayEnvironment(
  env: Environment,
  { natsUrl, port, grpcPort }: { readonly natsUrl: string; readonly port: number; readonly grpcPort: number },
): NodeJS.ProcessEnv {
  return {
    ...pick(env, [...SYSTEM, ...CERTIFICATES, ...GATEWAY_VARIABLES]),
    NATS_URL: natsUrl,
    AGENTSPAN_HOST: "127.0.0.1",
    AGENTSPAN_PORT: String(port),
    AGENTSPAN_GRPC_PORT: String(grpcPort),
  };
}

function pick(env: Environment, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
