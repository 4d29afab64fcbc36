package dev.agentspan.worker;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Something that happens once, and that threads wait for. */
final class Signal {
  private final CountDownLatch latch = new CountDownLatch(1);

  void set() {
    latch.countDown();
  }

  boolean isSet() {
    return latch.getCount() == 0;
  }

  /** Waits so long, or until it is set; whether it is. A thread that is interrupted waits for nothing more. */
  boolean await(Duration most) {
    try {
      return latch.await(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new WorkerEndedException("The thread was interrupted.");
    }
  }
}
