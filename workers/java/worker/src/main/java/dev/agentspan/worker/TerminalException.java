package dev.agentspan.worker;

/** Thrown by a tool where trying again would not help: the failure is final. */
public class TerminalException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TerminalException(String message) {
    super(message);
  }

  public TerminalException(String message, Throwable cause) {
    super(message, cause);
  }
}
