// The figures of a gateway. Each is in docs/observability.md, and a test compares the two.
import type { ManagementPages } from "@agentspan/internal";
import { BUCKETS, Counter, Gauge, gaugeBus, Histogram, metricsPages, Registry } from "@agentspan/internal/metrics";
import type { Meter } from "./meter.js";

export class GatewayMetrics implements Meter {
  readonly registry = new Registry();
  private readonly registers = [this.registry];
  private readonly calls = new Histogram({
    name: "agentspan_gateway_call_duration_seconds",
    help: "Calls with one answer that were admitted, by what they were answered.",
    labelNames: ["method", "code"],
    buckets: BUCKETS.quick,
    registers: this.registers,
  });
  private readonly streams = new Gauge({
    name: "agentspan_gateway_streams",
    help: "Streams that are open: clients that watch.",
    labelNames: ["method"],
    registers: this.registers,
  });
  private readonly refusals = new Counter({
    name: "agentspan_gateway_refused_calls_total",
    help: "Calls that were not admitted.",
    labelNames: ["reason"],
    registers: this.registers,
  });

  answered(method: string, code: string, seconds: number): void {
    this.calls.observe({ method, code }, seconds);
  }

  streaming(method: string): () => void {
    this.streams.inc({ method });
    let open = true;
    return () => {
      if (open) this.streams.dec({ method });
      open = false;
    };
  }

  refused(reason: string): void {
    this.refusals.inc({ reason });
  }

  /** For a management port. */
  pages(): ManagementPages {
    return metricsPages(this.registry);
  }

  /** Whether the bus is there, asked when somebody comes for it. */
  followBus(connected: () => boolean): void {
    gaugeBus(this.registry, "agentspan_gateway_bus_connected", connected);
  }
}
