package dev.agentspan.worker;

import dev.agentspan.v1.HeartbeatRequest;
import dev.agentspan.v1.HeartbeatResponse;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Says at every interval, also when idle, that this incarnation lives and what it has in hand. One is in flight at a
 * time; one that is not answered is followed at once by a new one, to any orchestrator: whoever judges leases must see
 * the counter move.
 */
final class Heartbeat {
  private static final Duration LEAST_WAIT = Duration.ofMillis(200);

  private final WorkerParts parts;
  private final Supplier<Duration> interval;
  private final Supplier<Collection<TaskInHand>> inHand;
  private final Consumer<HeartbeatResponse> onAnswer;

  Heartbeat(
      WorkerParts parts,
      Supplier<Duration> interval,
      Supplier<Collection<TaskInHand>> inHand,
      Consumer<HeartbeatResponse> onAnswer) {
    this.parts = parts;
    this.interval = interval;
    this.inHand = inHand;
    this.onAnswer = onAnswer;
  }

  /** Beats until the worker has ended. */
  void run() {
    long counter = 0;
    String orchestratorId = "";
    while (!parts.ended().isSet()) {
      Duration every = interval.get();
      Duration half = every.dividedBy(2);
      long begun = System.nanoTime();
      counter++;
      Duration most = half.compareTo(LEAST_WAIT) < 0 ? LEAST_WAIT : half;
      Optional<HeartbeatResponse> answer = parts.link().ask(Verb.HEARTBEAT, request(counter), most, orchestratorId);
      boolean asksAnyNext = !orchestratorId.isEmpty();
      Duration wait;
      if (answer.isPresent() && !answer.get().hasError()) {
        onAnswer.accept(answer.get());
        orchestratorId = answer.get().getOrchestratorId();
        wait = every.minusNanos(System.nanoTime() - begun);
      } else {
        orchestratorId = "";
        // Nobody there at all is told at once, and must not be asked in a tight loop.
        wait = asksAnyNext ? Duration.ZERO : every.dividedBy(4);
      }
      parts.ended().await(Times.orZero(wait));
    }
  }

  private HeartbeatRequest request(long counter) {
    HeartbeatRequest.Builder request = HeartbeatRequest.newBuilder()
        .setWorkerId(parts.identity().workerId())
        .setIncarnation(parts.identity().incarnation())
        .setNamespace(parts.identity().namespace())
        .setCounter(counter);
    for (TaskInHand task : inHand.get()) {
      request.addTasks(dev.agentspan.v1.TaskInHand.newBuilder()
          .setRunId(task.runId())
          .setCallId(task.callId())
          .setAttempt(task.attempt())
          .setNonce(task.nonce())
          .setBegun(task.hasBegun()));
    }
    return request.build();
  }
}
