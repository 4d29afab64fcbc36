// What was tried, counted, for the table.
import { FAULT_POINTS, type FaultPoint } from "@agentspan/internal";

export class Tally {
  readonly #tried = new Map<string, number>();
  readonly #notTried = new Map<string, string>();
  readonly #points = new Map<FaultPoint, number>();

  tried(fault: string): void {
    this.#tried.set(fault, (this.#tried.get(fault) ?? 0) + 1);
  }

  /** With the reason, as a sentence. */
  notTried(fault: string, why: string): void {
    this.#notTried.set(fault, why);
  }

  hit(point: FaultPoint): void {
    this.#points.set(point, (this.#points.get(point) ?? 0) + 1);
  }

  get faults(): readonly { readonly fault: string; readonly count: number }[] {
    return [...this.#tried].map(([fault, count]) => ({ fault, count }));
  }

  get untried(): readonly { readonly fault: string; readonly why: string }[] {
    return [...this.#notTried].map(([fault, why]) => ({ fault, why }));
  }

  get points(): readonly { readonly point: FaultPoint; readonly count: number }[] {
    return FAULT_POINTS.map((point) => ({ point, count: this.#points.get(point) ?? 0 }));
  }

  /** Those that no process has died at yet. */
  get pointsLeft(): readonly FaultPoint[] {
    return FAULT_POINTS.filter((point) => !this.#points.has(point));
  }
}
