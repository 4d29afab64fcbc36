package dev.agentspan.worker;

import com.google.protobuf.Duration;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.agentspan.v1.ClaimResponse;
import dev.agentspan.v1.CompleteResponse;
import dev.agentspan.v1.HeartbeatResponse;
import dev.agentspan.v1.RegisterResponse;
import dev.agentspan.v1.ReleaseResponse;
import dev.agentspan.v1.WorkerError;
import java.util.function.Function;

/**
 * What a worker may ask.
 *
 * @param word as the subject of the request has it
 * @param errorOf of an answer; the message's default where it has none
 */
record Verb<A extends MessageLite>(String word, Parser<A> parser, Function<A, WorkerError> errorOf) {
  static final Verb<RegisterResponse> REGISTER =
      new Verb<>("register", RegisterResponse.parser(), RegisterResponse::getError);
  static final Verb<ClaimResponse> CLAIM = new Verb<>("claim", ClaimResponse.parser(), ClaimResponse::getError);
  static final Verb<HeartbeatResponse> HEARTBEAT =
      new Verb<>("heartbeat", HeartbeatResponse.parser(), HeartbeatResponse::getError);
  static final Verb<CompleteResponse> COMPLETE =
      new Verb<>("complete", CompleteResponse.parser(), CompleteResponse::getError);
  static final Verb<ReleaseResponse> RELEASE =
      new Verb<>("release", ReleaseResponse.parser(), ReleaseResponse::getError);

  /** After which the same request may be sent again; null where the answer is final. */
  Duration retryAfter(A answer) {
    WorkerError error = errorOf.apply(answer);
    return error.hasRetryAfter() ? error.getRetryAfter() : null;
  }
}
