package dev.agentspan.worker;

import dev.agentspan.v1.TaskHint;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** One attempt that a worker claims, runs or reports. It is in hand until the server has answered for it. */
final class TaskInHand {
  /** What cannot be taken here now is left to others for so long. */
  static final Duration LEFT_TO_OTHERS = Duration.ofSeconds(1);

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int NONCE_BYTES = 16;

  private final String runId;
  private final String callId;
  private final int attempt;
  private final Tool<?> tool;
  private final String announcedBy;
  private final String nonce;
  private final Cancellation cancellation = new Cancellation();
  private volatile boolean begun;
  private volatile boolean looking;
  /** Hints that wait for the claim's answer; null once it is there. */
  private List<TaskMessage> hints = new ArrayList<>();

  TaskInHand(TaskHint hint, Tool<?> tool, TaskMessage message) {
    this(hint, tool, message, freshNonce());
  }

  TaskInHand(TaskHint hint, Tool<?> tool, TaskMessage message, String nonce) {
    this.runId = hint.getRunId();
    this.callId = hint.getCallId();
    this.attempt = hint.getAttempt();
    this.tool = tool;
    this.announcedBy = hint.getOrchestratorId();
    this.nonce = nonce;
    hints.add(message);
  }

  /** It stays in the memory of this process. */
  private static String freshNonce() {
    byte[] bytes = new byte[NONCE_BYTES];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  String runId() {
    return runId;
  }

  String callId() {
    return callId;
  }

  int attempt() {
    return attempt;
  }

  Tool<?> tool() {
    return tool;
  }

  /** The orchestrator to ask first. */
  String announcedBy() {
    return announcedBy;
  }

  String nonce() {
    return nonce;
  }

  /** Told by the server, by the deadline, or because the worker stops. */
  Cancellation cancellation() {
    return cancellation;
  }

  /** The function has been called. */
  boolean hasBegun() {
    return begun;
  }

  void begin() {
    begun = true;
  }

  /** Its preview is being taken: nothing of the attempt itself is in hand. */
  boolean isLooking() {
    return looking;
  }

  void look() {
    looking = true;
  }

  /** Names the attempt: two hints of one key are about the same thing. */
  String key() {
    return runId + "/" + callId + "/" + attempt;
  }

  static String keyOf(TaskHint hint) {
    return hint.getRunId() + "/" + hint.getCallId() + "/" + hint.getAttempt();
  }

  /** A further hint of the same attempt: this claim's answer is its answer too. */
  synchronized void join(TaskMessage message) {
    if (hints == null) {
      message.acknowledge();
    } else {
      hints.add(message);
    }
  }

  /** The claim takes longer than one try: nobody else should try as well. */
  synchronized void holdHints() {
    waiting().forEach(TaskMessage::working);
  }

  /** The claim is answered, either way. */
  synchronized void acknowledgeHints() {
    waiting().forEach(TaskMessage::acknowledge);
    hints = null;
  }

  /** What is asked cannot be done here: another worker may have the hints. */
  synchronized void giveHintsBack() {
    waiting().forEach(hint -> hint.giveBack(LEFT_TO_OTHERS));
    hints = null;
  }

  private List<TaskMessage> waiting() {
    return hints == null ? List.of() : hints;
  }

  /** For logs. */
  @Override
  public String toString() {
    return "run_id=" + runId + " call_id=" + callId + " attempt=" + attempt + " tool=" + tool.name();
  }
}
