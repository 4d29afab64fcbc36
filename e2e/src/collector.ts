// Starts a receiver of OTLP, as a collector is one, and asks it what it received.
import { fileURLToPath } from "node:url";
import { ChildService } from "./child-service.js";
import type { ReceivedSpan } from "./otlp-spans.js";

export class Collector {
  private constructor(private readonly service: ChildService) {}

  static async start(): Promise<Collector> {
    const entry = fileURLToPath(new URL("../dist/collector-process.js", import.meta.url));
    return new Collector(await ChildService.start({ name: "collector", entry, env: {} }));
  }

  /** What has the services, and any program with an SDK of OpenTelemetry, send their spans here at once. */
  get env(): Readonly<Record<string, string>> {
    const endpoint = String(this.service.ready.url).replace(/\/$/, "");
    return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: "50" };
  }

  async spans(): Promise<readonly ReceivedSpan[]> {
    const { spans } = await this.service.ask({});
    return spans as readonly ReceivedSpan[];
  }

  async stop(): Promise<void> {
    await this.service.kill();
  }
}
