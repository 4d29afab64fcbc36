package dev.agentspan.worker;

/** Arguments that do not fit their schema, in words for whoever wrote them. */
final class ArgumentsException extends Exception {
  private static final long serialVersionUID = 1L;

  ArgumentsException(String message) {
    super(message);
  }
}
