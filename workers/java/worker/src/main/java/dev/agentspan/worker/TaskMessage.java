package dev.agentspan.worker;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.agentspan.v1.TaskHint;
import java.time.Duration;

/**
 * A delivered hint, and what NATS may be told of it. Losing that is harmless: it comes again, and the claim is refused.
 */
final class TaskMessage {
  private final Link link;
  private final String reply;
  private final TaskHint hint;

  TaskMessage(Link link, String reply, byte[] body) {
    this.link = link;
    this.reply = reply;
    this.hint = hintOf(body);
  }

  private static TaskHint hintOf(byte[] body) {
    try {
      return TaskHint.parseFrom(body);
    } catch (InvalidProtocolBufferException error) {
      return null; // Not ours; the caller logs and drops it.
    }
  }

  /** Null where the body is none of the contract. */
  TaskHint hint() {
    return hint;
  }

  /** Done with: the claim was answered. */
  void acknowledge() {
    respond("+ACK");
  }

  /** Let another worker have it, at once. */
  void giveBack() {
    respond("-NAK");
  }

  /** Let another worker have it, after so long. */
  void giveBack(Duration after) {
    respond("-NAK {\"delay\": " + after.toNanos() + "}");
  }

  /** Still at it: do not deliver it again yet. */
  void working() {
    respond("+WPI");
  }

  /** Nobody can use it. */
  void drop() {
    respond("+TERM not a task hint");
  }

  private void respond(String words) {
    if (reply != null && !reply.isEmpty()) {
      link.publish(reply, null, words);
    }
  }
}
