// Begins to trace a service of ours where the standard variables of OpenTelemetry say where to; loads nothing otherwise.
import { ConfigError } from "./config.js";
import type { Logger } from "./log.js";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Tracing {
  /** Sends what is left, for two seconds at most. Never rejects. */
  stop(): Promise<void>;
}

const PROTOCOL = "http/protobuf";
const ENDPOINTS = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/**
 * The service is called so unless OTEL_SERVICE_NAME says otherwise. Undefined where nothing is traced: no OTEL_EXPORTER_OTLP_ENDPOINT and no OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or
 * OTEL_SDK_DISABLED=true, or OTEL_TRACES_EXPORTER=none. Rejects with a ConfigError where another exporter or another
 * protocol is asked for than this program has, or an endpoint is no URL of http or https.
 */
export async function startTracing(service: string, env: Environment, log: Logger): Promise<Tracing | undefined> {
  if (!isAskedFor(env)) return undefined;
  const { startSdk } = await import("./tracing-sdk.js");
  return startSdk(service, log);
}

function isAskedFor(env: Environment): boolean {
  const exporter = said(env, "OTEL_TRACES_EXPORTER") ?? "otlp";
  const endpoints = ENDPOINTS.filter((name) => said(env, name) !== undefined);
  if (said(env, "OTEL_SDK_DISABLED")?.toLowerCase() === "true" || exporter === "none" || endpoints.length === 0) {
    return false;
  }
  // Without the value: there may be a password in it.
  const faults = endpoints
    .filter((name) => !isHttpUrl(said(env, name) ?? ""))
    .map((name) => `${name} is no URL that begins with http:// or https://, such as http://collector:4318.`);
  if (exporter !== "otlp") {
    faults.push(`OTEL_TRACES_EXPORTER is "${exporter}": traces are sent by otlp, or not at all (none).`);
  }
  const variable = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"].find(
    (name) => said(env, name) !== undefined,
  );
  if (variable !== undefined && said(env, variable) !== PROTOCOL) {
    const remedy = `traces are sent by ${PROTOCOL}, to which collectors listen on port 4318.`;
    faults.push(`${variable} is "${said(env, variable)}": ${remedy}`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return true;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

function said(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}
