// Looks now and then how the store stands, for the figures of whoever operates this. One orchestrator does, of all that
// live, and each look is six short searches on indexes, however often and from wherever somebody comes for the figures.
import { AgentspanError, type Logger, systemTime, type Time, type Timer } from "@agentspan/internal";
import type { Clock } from "./clock.js";
import type { Meter } from "./meter.js";
import type { Store } from "./ports.js";
import { firstToLookAfter } from "./sweep-share.js";

export interface SurveyorOptions {
  readonly store: Pick<Store, "census">;
  readonly meter: Pick<Meter, "counted">;
  readonly clock: Clock;
  readonly orchestratorId: string;
  readonly orchestrators: () => readonly string[];
  readonly log: Logger;
  readonly time?: Time | undefined;
  /** Between two looks, milliseconds; 15,000 unless said. */
  readonly intervalMs?: number | undefined;
}

export class Surveyor {
  private timer: Timer | undefined;
  private looking: Promise<void> | undefined;

  constructor(private readonly options: SurveyorOptions) {}

  start(): void {
    const { time = systemTime, intervalMs = 15_000 } = this.options;
    this.timer = time.every(intervalMs, () => void this.look()).unref();
    void this.look();
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    await this.looking;
  }

  /** One look, or the one that is going on: a slow store is not asked twice at once. Never rejects. */
  look(): Promise<void> {
    this.looking ??= this.survey().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async survey(): Promise<void> {
    const { store, meter, clock, log, orchestratorId } = this.options;
    const others = [...new Set([orchestratorId, ...this.options.orchestrators()])];
    if (firstToLookAfter("survey", others) !== orchestratorId) return meter.counted(undefined);
    try {
      const now = Math.floor(clock.now());
      const age = (since: number | undefined): number => (since === undefined ? 0 : Math.max(0, now - since) / 1_000);
      const { runs, waitingSince, owedSince, deliverySince } = await store.census();
      meter.counted({
        runs,
        oldestWait: age(waitingSince),
        overdueRun: age(owedSince),
        overdueDelivery: age(deliverySince),
      });
    } catch (thrown) {
      // Figures that are not known are not told, rather than told as they were.
      meter.counted(undefined);
      log.warn({ reason: AgentspanError.from(thrown).reason }, "How the store stands could not be counted");
    }
  }
}
