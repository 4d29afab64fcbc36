// Our time, corrected by the store's clock, so that a replica whose clock is wrong strikes no deadline early.
import { AgentspanError, type Logger } from "@agentspan/internal";

/** An answer that took longer says too little about when it was given. */
const QUICK_MS = 500;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export class StoreClock implements Clock {
  private offsetMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly serverTime: () => Promise<number>,
    private readonly log: Logger,
    private readonly intervalMs = 30_000,
    /** This machine's clock, milliseconds since the epoch. */
    private readonly wall: () => number = Date.now,
  ) {}

  now(): number {
    return Math.round(this.wall() + this.offsetMs);
  }

  /** Reads the store's clock now and then regularly. */
  async start(): Promise<void> {
    await this.correct();
    this.timer = setInterval(() => void this.correct().catch((thrown) => this.couldNot(thrown)), this.intervalMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async correct(): Promise<void> {
    const [asked, begun] = [this.wall(), performance.now()];
    const theirs = await this.serverTime();
    const took = performance.now() - begun;
    if (took > QUICK_MS) return;
    // Below the resolution of the measurement our own clock is as good.
    const offset = theirs - (asked + took / 2);
    this.offsetMs = Math.abs(offset) <= Math.max(5, took) ? 0 : offset;
  }

  private couldNot(thrown: unknown): void {
    this.log.warn({ reason: AgentspanError.from(thrown).reason }, "The store's clock could not be read");
  }
}
