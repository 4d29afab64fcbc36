package dev.agentspan.worker;

import com.google.protobuf.MessageLite;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** A request that is repeated, the same, until it is answered: first to whom it is told, then to any orchestrator. */
final class Asking<A extends MessageLite> {
  // Short at first, since an orchestrator that is gone does not answer at all.
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration MOST_WAIT = Duration.ofSeconds(5);

  private final Link link;
  private final Verb<A> verb;
  private final MessageLite request;
  private final Signal ended;
  private String first = "";
  private Runnable onRepeat = () -> {};
  private long giveUpAt;
  private boolean givesUp;

  Asking(Link link, Verb<A> verb, MessageLite request, Signal ended) {
    this.link = link;
    this.verb = verb;
    this.request = request;
    this.ended = ended;
  }

  /** Who knows the run, and is asked first. */
  Asking<A> first(String orchestratorId) {
    first = orchestratorId;
    return this;
  }

  Asking<A> onRepeat(Runnable action) {
    onRepeat = action;
    return this;
  }

  /** Null for as long as it takes. */
  Asking<A> within(Duration patience) {
    givesUp = patience != null;
    giveUpAt = System.nanoTime() + (patience == null ? 0 : patience.toNanos());
    return this;
  }

  /**
   * The answer; empty where none came within the patience. One with an error that names a time is repeated after it,
   * one that names none is given back, to be final. Throws WorkerEndedException where the worker ends first.
   */
  Optional<A> answer() {
    String orchestratorId = first;
    for (int failed = 0; ; ) {
      if (ended.isSet()) {
        throw new WorkerEndedException("The worker has stopped before its " + verb.word() + " was answered.");
      }
      if (givesUp && left().isZero()) {
        return Optional.empty();
      }
      Optional<A> got = link.ask(verb, request, noLongerThanLeft(waitFor(failed)), orchestratorId);
      Duration again = got.map(verb::retryAfter).map(Times::of).orElse(null);
      if (got.isPresent() && again == null) {
        return got;
      }
      onRepeat.run();
      if (!orchestratorId.isEmpty() && got.isEmpty()) {
        // It did not answer: any other may, at once.
        orchestratorId = "";
        continue;
      }
      failed++;
      Duration wait = again == null ? backoff(failed, Duration.ofMillis(100), Duration.ofSeconds(2)) : again;
      ended.await(noLongerThanLeft(wait));
    }
  }

  private static Duration waitFor(int failed) {
    return Times.least(MOST_WAIT, FIRST_WAIT.multipliedBy(1L << Math.min(failed, 10)));
  }

  private Duration noLongerThanLeft(Duration wait) {
    return givesUp ? Times.least(wait, left()) : wait;
  }

  private Duration left() {
    return Times.orZero(Duration.ofNanos(giveUpAt - System.nanoTime()));
  }

  /** Longer with each failure, and never the same for all who wait for one thing. */
  static Duration backoff(int failed, Duration initial, Duration most) {
    Duration whole = Times.least(most, initial.multipliedBy(1L << Math.min(failed - 1, 20)));
    return Duration.ofNanos((long) (whole.toNanos() * ThreadLocalRandom.current().nextDouble(0.5, 1)));
  }
}
