// What our services count with: prom-client, which is loaded only where somebody can come for the figures.
import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import type { ManagementPages } from "./management-port.js";

export { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Where Prometheus comes for them. */
export const METRICS_PATH = "/metrics";

/** The path for a management port. With them are the figures of the process itself: process_… and nodejs_…. */
export function metricsPages(registry: Registry): ManagementPages {
  collectDefaultMetrics({ register: registry });
  return {
    [METRICS_PATH]: async () => ({ status: 200, body: await registry.metrics(), contentType: registry.contentType }),
  };
}

/** Tells, whenever somebody comes for it, whether the bus is there. */
export function gaugeBus(registry: Registry, name: string, connected: () => boolean): void {
  const collect = function (this: Gauge): void {
    this.set(connected() ? 1 : 0);
  };
  new Gauge({ name, help: "1 while NATS is there, 0 while it is away.", registers: [registry], collect });
}

/** Instead of values beyond what a label may have. */
export const OTHER = "other";

/**
 * The values of one label, as they come, up to so many: each is a series for every process, and what whoever uses the API
 * may name must not make series without end. All later ones count as "other".
 */
export class BoundedLabel {
  readonly #known = new Set<string>();

  constructor(private readonly most: number) {}

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.most) return OTHER;
    this.#known.add(value);
    return value;
  }
}

/** Upper bounds in seconds: of what takes milliseconds, of what takes up to minutes, and of what people take days for. */
export const BUCKETS = {
  quick: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  work: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600],
  people: [1, 10, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800, 2_592_000],
};
