package dev.agentspan.worker;

import dev.agentspan.signing.TrustedKeys;
import dev.agentspan.v1.WorkerPermit;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * What each step of a task's life needs.
 *
 * @param threads one for each task, and for what may block
 * @param timers do nothing that blocks
 * @param trustedKeys whose signatures on grants count; null where they are not signed
 * @param permit that this worker may serve its tools; null where nobody asks
 * @param registration tells the server (again) what is served here
 * @param draining nothing new begins any more
 * @param ended nobody waits any longer: what is still unanswered stays so
 */
record WorkerParts(
    WorkerIdentity identity,
    Link link,
    Clock clock,
    ExecutorService threads,
    ScheduledExecutorService timers,
    TrustedKeys trustedKeys,
    WorkerPermit permit,
    Registration registration,
    Signal draining,
    Signal ended) {

  ScheduledFuture<?> after(Duration wait, Runnable action) {
    return timers.schedule(action, wait.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** How a worker makes itself known again. */
  interface Registration {
    /** In the background: the server has forgotten this worker, or may have. */
    void soon();

    /** Returns when the server knows what is served here; also while the worker stops. Throws AgentspanException. */
    void now();
  }
}
