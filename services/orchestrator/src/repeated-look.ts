// Looks, waits a while, and looks again until it is stopped: never twice at once, and on after a failure.
import { AgentspanError, systemTime, type Time, type Timer } from "@agentspan/internal";

export interface RepeatedLookOptions {
  readonly look: () => Promise<unknown>;
  readonly failed: (error: AgentspanError) => void;
  /** Between the end of one and the next, milliseconds. */
  readonly intervalMs: number;
  readonly time?: Time | undefined;
}

export class RepeatedLook {
  private timer: Timer | undefined;
  private looking: Promise<unknown> | undefined;
  private hasStopped = false;

  constructor(private readonly options: RepeatedLookOptions) {}

  /** A look that is going on asks, and ends where it is. */
  get stopped(): boolean {
    return this.hasStopped;
  }

  start(): void {
    this.schedule(0);
  }

  /** Resolves when the last look has ended. */
  async stop(): Promise<void> {
    this.hasStopped = true;
    this.timer?.cancel();
    await this.looking;
  }

  private schedule(delayMs: number): void {
    if (this.hasStopped) return;
    const { look, failed, intervalMs, time = systemTime } = this.options;
    const again = () => {
      this.looking = look()
        .catch((thrown) => failed(AgentspanError.from(thrown)))
        .finally(() => this.schedule(intervalMs));
    };
    this.timer = time.after(delayMs, again).unref();
  }
}
