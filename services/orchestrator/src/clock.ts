// Our time, which is the store's: read now and then, and carried on by this process's monotonic clock in between. So a
// replica whose clock is wrong, or is set while it runs, strikes no deadline early. Where the monotonic clock stood
// still (a laptop asleep, a machine moved) time is behind for a moment, which strikes deadlines late and not early.
import { AgentspanError, type Logger, systemTime, type Time, type Timer } from "@agentspan/internal";

/** An answer that took longer says too little about when it was given, unless it shows that we are far off. */
const QUICK_MS = 500;
/** Below this our own clock is as good. */
const EXACT_MS = 5;
/** Where this machine's two clocks part by more, one was set or stood still: the store is asked at once. */
const PARTED_MS = 1_000;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface StoreClockOptions {
  readonly serverTime: () => Promise<number>;
  readonly log: Logger;
  /** How often the store's clock is read, milliseconds; 30,000 unless said. */
  readonly intervalMs?: number;
  readonly time?: Time | undefined;
}

interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

export class StoreClock implements Clock {
  private readonly time: Time;
  /** The store's time at a monotonic time. */
  private known: { readonly time: number; readonly at: number };
  /** When the two clocks of this machine were compared last. */
  private compared: Moment;
  private timer: Timer | undefined;
  private correcting: Promise<void> | undefined;

  constructor(private readonly options: StoreClockOptions) {
    this.time = options.time ?? systemTime;
    this.compared = this.moment();
    this.known = { time: this.compared.wall, at: this.compared.monotonic };
  }

  now(): number {
    const moment = this.moment();
    const parted = moment.wall - this.compared.wall - (moment.monotonic - this.compared.monotonic);
    if (Math.abs(parted) > PARTED_MS) {
      this.compared = moment;
      void this.correct().catch((thrown) => this.couldNot(thrown));
    }
    return Math.round(this.timeAt(moment.monotonic));
  }

  /** Reads the store's clock now and then regularly. */
  async start(): Promise<void> {
    await this.correct();
    const correct = () => void this.correct().catch((thrown) => this.couldNot(thrown));
    this.timer = this.time.every(this.options.intervalMs ?? 30_000, correct).unref();
  }

  /** Reads the store's clock at once: whoever has set it says so. */
  async readAnew(): Promise<void> {
    // What is being read may be of the time before.
    await this.correcting;
    await this.correct();
  }

  stop(): void {
    this.timer?.cancel();
  }

  private correct(): Promise<void> {
    this.correcting ??= this.read().finally(() => {
      this.correcting = undefined;
    });
    return this.correcting;
  }

  private async read(): Promise<void> {
    const asked = this.time.monotonic();
    const theirs = await this.options.serverTime();
    const answered = this.time.monotonic();
    const took = answered - asked;
    const at = asked + took / 2;
    const off = theirs - this.timeAt(at);
    const least = took > QUICK_MS ? took : Math.max(EXACT_MS, took / 2);
    if (Math.abs(off) > least) this.known = { time: theirs, at };
    this.compared = this.moment();
  }

  private timeAt(monotonic: number): number {
    return this.known.time + (monotonic - this.known.at);
  }

  private moment(): Moment {
    return { wall: this.time.wall(), monotonic: this.time.monotonic() };
  }

  private couldNot(thrown: unknown): void {
    this.options.log.warn({ reason: AgentspanError.from(thrown).reason }, "The store's clock could not be read");
  }
}
