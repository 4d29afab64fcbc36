// Begins to trace a service of ours where the standard variables of OpenTelemetry say where to; loads nothing otherwise.
import { ConfigError } from "./config.js";
import type { Logger } from "./log.js";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Tracing {
  /** Sends what is left, for two seconds at most. Never rejects. */
  stop(): Promise<void>;
}

const PROTOCOL = "http/protobuf";

/**
 * The service is called so unless OTEL_SERVICE_NAME says otherwise. Undefined where nothing is traced: no OTEL_EXPORTER_OTLP_ENDPOINT and no OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or
 * OTEL_SDK_DISABLED=true, or OTEL_TRACES_EXPORTER=none. Rejects with a ConfigError where another exporter or another
 * protocol is asked for than this program has.
 */
export async function startTracing(service: string, env: Environment, log: Logger): Promise<Tracing | undefined> {
  if (!isAskedFor(env)) return undefined;
  const { startSdk } = await import("./tracing-sdk.js");
  return startSdk(service, log);
}

function isAskedFor(env: Environment): boolean {
  const exporter = said(env, "OTEL_TRACES_EXPORTER") ?? "otlp";
  const endpoint = said(env, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ?? said(env, "OTEL_EXPORTER_OTLP_ENDPOINT");
  if (said(env, "OTEL_SDK_DISABLED")?.toLowerCase() === "true" || exporter === "none" || endpoint === undefined) {
    return false;
  }
  const faults: string[] = [];
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

function said(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}
