package dev.agentspan.worker;

/** The worker has stopped before the server answered. */
final class WorkerEndedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  WorkerEndedException(String message) {
    super(message);
  }
}
