package dev.agentspan;

/**
 * A refusal with a reason of the contract's closed list, such as INVALID_REQUEST or BUS_UNAVAILABLE. The message tells
 * a person what happened and what to do.
 */
public final class AgentspanException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  public AgentspanException(String reason, String message) {
    this(reason, message, null);
  }

  public AgentspanException(String reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Something that a program said cannot be used. */
  public static AgentspanException invalid(String message) {
    return new AgentspanException("INVALID_REQUEST", message);
  }

  /** Programs compare this, never the message. */
  public String reason() {
    return reason;
  }
}
