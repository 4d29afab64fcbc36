package dev.agentspan.worker;

import com.google.protobuf.MessageLite;
import java.time.Duration;
import java.util.Optional;

/** What a worker says is said over this. */
interface Link {
  /**
   * Asks once: that orchestrator, or any where it is empty. No answer where none came in time, or nobody listens;
   * whether the request was carried out is then not known.
   */
  <A extends MessageLite> Optional<A> ask(Verb<A> verb, MessageLite request, Duration most, String orchestratorId);

  /** Sends without an answer; lost where the connection is. */
  void publish(String subject, String replyTo, String body);

  /** The largest message that the server takes, bytes. */
  long maxPayload();
}
