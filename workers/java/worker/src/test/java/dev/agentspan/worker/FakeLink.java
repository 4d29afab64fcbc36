package dev.agentspan.worker;

import com.google.protobuf.MessageLite;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The server of the worker protocol as a worker meets it: what it answers is written down, and what it is told is kept.
 */
final class FakeLink implements Link {
  record Asked(String verb, MessageLite request, String orchestratorId) {}

  private final Map<String, Deque<Supplier<MessageLite>>> answers = new HashMap<>();
  private final List<Asked> asked = new ArrayList<>();
  private final List<String> told = new ArrayList<>();

  /** The next answer to that; null for none. */
  FakeLink answers(Verb<?> verb, MessageLite answer) {
    return answersLate(verb, () -> answer);
  }

  FakeLink answersLate(Verb<?> verb, Supplier<MessageLite> answer) {
    answers.computeIfAbsent(verb.word(), word -> new ArrayDeque<>()).add(answer);
    return this;
  }

  List<Asked> asked() {
    return asked;
  }

  /** What NATS was told of hints, in order. */
  List<String> told() {
    return told;
  }

  <R extends MessageLite> List<R> requests(Verb<?> verb, Class<R> type) {
    return asked.stream().filter(one -> one.verb.equals(verb.word())).map(one -> type.cast(one.request)).toList();
  }

  @Override
  public synchronized <A extends MessageLite> Optional<A> ask(
      Verb<A> verb, MessageLite request, Duration most, String orchestratorId) {
    asked.add(new Asked(verb.word(), request, orchestratorId));
    // What a test has not written down is a failure, and not an endless wait.
    MessageLite answer = answers.get(verb.word()).remove().get();
    try {
      return answer == null ? Optional.empty() : Optional.of(verb.parser().parseFrom(answer.toByteArray()));
    } catch (com.google.protobuf.InvalidProtocolBufferException error) {
      throw new AssertionError(error);
    }
  }

  @Override
  public synchronized void publish(String subject, String replyTo, String body) {
    told.add(body);
  }

  @Override
  public long maxPayload() {
    return 1024 * 1024;
  }
}
