package dev.agentspan.worker;

import java.time.Duration;

/** The two clocks that a grant's age is told by: neither alone sees both a sleeping machine and a changed date. */
@FunctionalInterface
interface Clock {
  /** Those of the machine. */
  Clock SYSTEM = () -> new Moment(System.nanoTime(), System.currentTimeMillis());

  Moment now();

  /**
   * By both clocks.
   *
   * @param wallMillis since the epoch
   */
  record Moment(long monotonicNanos, long wallMillis) {
    Duration since(Moment earlier) {
      return Duration.ofNanos(monotonicNanos - earlier.monotonicNanos);
    }

    Duration sinceByDate(Moment earlier) {
      return Duration.ofMillis(wallMillis - earlier.wallMillis);
    }
  }
}
