package dev.agentspan.worker;

import dev.agentspan.v1.Grant;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls a tool's function and waits for it. */
final class Execution {
  private static final Logger LOG = LoggerFactory.getLogger(Execution.class);
  // A later deadline is the server's to tell.
  private static final Duration LONGEST_TIMER = Duration.ofDays(365);

  private Execution() {}

  /**
   * The outcome of the function. It is waited for also past its deadline: it is told, and what it then does is what is
   * reported. A guarded effect that is still going on must not be called failed.
   */
  static <I> Outcome of(WorkerParts parts, TaskInHand task, Tool<I> tool, I input, Claimed.Granted granted) {
    Optional<Duration> left = timeLeft(parts, granted);
    Optional<Instant> deadline =
        left.map(most -> Instant.ofEpochMilli(parts.clock().now().wallMillis()).plus(most));
    ToolCall call = new ToolCall(
        task.runId(),
        task.callId(),
        task.attempt(),
        granted.grant().getIdempotencyKey(),
        deadline,
        task.cancellation(),
        proofOf(granted.grant()));
    boolean guarded = GrantCheck.isGuarded(granted.grant(), task);
    Optional<Future<?>> timer = left.filter(most -> most.compareTo(LONGEST_TIMER) < 0).map(most -> parts.after(
        most, () -> task.cancellation().cancel("The tool ran past its deadline (" + deadline.get() + ").")));
    try {
      Object value = ToolThread.call(task, !guarded, () -> tool.call(input, call));
      return Outcome.returned(value, guarded, parts.link().maxPayload(), task);
    } catch (InterruptedException error) {
      LOG.warn("A tool was interrupted  {}", task);
      String why = task.cancellation().reason();
      return Outcome.failure(why.isEmpty() ? Outcome.words(error) : why, true);
    } catch (Throwable error) { // Whatever an author's code throws is the call's outcome.
      LOG.warn("A tool threw  {}", task, error);
      return Outcome.threw(error);
    } finally {
      timer.ifPresent(future -> future.cancel(false));
    }
  }

  /**
   * The deadline is by the server's clock and so is the time of the grant: their distance holds on any clock. Where the
   * grant's time is not told, the clocks are taken to agree.
   */
  private static Optional<Duration> timeLeft(WorkerParts parts, Claimed.Granted granted) {
    Grant grant = granted.grant();
    if (!grant.hasDeadline()) {
      return Optional.empty();
    }
    Instant at = Times.of(grant.getDeadline());
    Clock.Moment now = parts.clock().now();
    Duration left = grant.getProof().hasGrantedAt()
        ? Duration.between(Times.of(grant.getProof().getGrantedAt()), at).minus(now.since(granted.sentAt()))
        : Duration.between(Instant.ofEpochMilli(now.wallMillis()), at);
    return Optional.of(Times.orZero(left));
  }

  private static Optional<Proof> proofOf(Grant grant) {
    if (!grant.hasProof()) {
      return Optional.empty();
    }
    dev.agentspan.v1.Proof proof = grant.getProof();
    return Optional.of(new Proof(
        proof.getApprovalId(),
        proof.getDecisionId(),
        proof.getArgumentsDigest(),
        Times.of(proof.getGrantedAt()),
        proof.getKeyId(),
        Base64.getEncoder().encodeToString(proof.getSignature().toByteArray())));
  }
}
