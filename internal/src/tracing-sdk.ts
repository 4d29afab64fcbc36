// OpenTelemetry's SDK, as our services use it. Loaded only where something is traced: it costs 0.1 s of CPU at a start.
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  detectResources,
  envDetector,
  hostDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import type { Logger } from "./log.js";
import type { Tracing } from "./tracing-start.js";
import { VERSION } from "./version.js";

const STOP_WITHIN_MS = 2_000;
/** A collector that is away is told of once in a while, and not at each try. */
const TELL_EVERY_MS = 60_000;

/** Sampling, batches, endpoint, headers and resource are those of the standard variables; see docs/observability.md. */
export function startSdk(service: string, log: Logger): Tracing {
  tellOfTrouble((said) => log.warn({ said }, "A setting of OpenTelemetry is not taken"));
  const ours = resourceFromAttributes({ "service.name": service, "service.version": VERSION });
  const detectors = [hostDetector, serviceInstanceIdDetector, envDetector];
  const provider = new NodeTracerProvider({
    resource: ours.merge(detectResources({ detectors })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  tellOfTrouble(seldom((said) => log.warn({ said }, "Traces could not be sent")));
  log.info("Traces are sent");
  return {
    async stop() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref());
      await Promise.race([provider.shutdown(), late]).catch((err: unknown) => {
        log.warn({ err }, "The last spans could not be sent");
      });
    },
  };
}

type Tell = (said: string) => void;

function tellOfTrouble(tellOf: Tell): void {
  const tell: Tell = (message) => tellOf(message.slice(0, 500));
  const ignore = (): void => undefined;
  const logger = { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

function seldom(tell: Tell): Tell {
  let quietUntil = 0;
  return (message) => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + TELL_EVERY_MS;
    tell(message);
  };
}
