package dev.agentspan.worker;

import dev.agentspan.internal.Digests;
import dev.agentspan.internal.Json;
import dev.agentspan.v1.CompleteRequest;
import dev.agentspan.v1.ToolFailure;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * What a tool returned or threw, as the server is told.
 *
 * @param word for logs
 */
record Outcome(String word, Consumer<CompleteRequest.Builder> into) {
  private static final Logger LOG = LoggerFactory.getLogger(Outcome.class);
  /** Bytes that a request holds besides its result. */
  private static final int ENVELOPE_BYTES = 16 * 1024;

  /**
   * Of a function that returned. A plain tool's result over the limit is a failure that names limit and size. A guarded
   * tool's effect has happened, so its result is told as far as it goes.
   */
  static Outcome returned(Object value, boolean guarded, long maxPayload, TaskInHand task) {
    try {
      return result(resultText(value, guarded, maxPayload));
    } catch (NoResultException error) {
      LOG.warn("A tool's result was not told: {}  {}", error.getMessage(), task);
      return failure(error.getMessage(), false);
    }
  }

  /** Of a function that threw: tried again by the tool's policy, unless it was a TerminalException. */
  static Outcome threw(Throwable error) {
    return failure(words(error), !(error instanceof TerminalException));
  }

  static Outcome result(String json) {
    return new Outcome("result", request -> request.setResultJson(json));
  }

  static Outcome failure(String message, boolean retryable) {
    ToolFailure failure = ToolFailure.newBuilder()
        .setMessage(Limits.cut(message, Limits.MESSAGE_BYTES))
        .setRetryable(retryable)
        .build();
    return new Outcome("failure", request -> request.setFailure(failure));
  }

  /** What it says, or else what it is. */
  static String words(Throwable error) {
    String message = error.getMessage();
    return message == null || message.isEmpty() ? error.getClass().getSimpleName() : message;
  }

  /**
   * JSON text. What is guarded and fits one message goes as it is, and the server keeps digest, size and head of it;
   * what does not goes as these.
   */
  static String resultText(Object value, boolean guarded, long maxPayload) throws NoResultException {
    String text;
    try {
      text = Json.writeExact(value);
    } catch (JacksonException | StackOverflowError error) {
      String what = guarded ? "The tool ran to its end" : "The tool returned";
      throw new NoResultException(what + ", but its result cannot be written as JSON: " + problem(error));
    }
    int size = Limits.bytesOf(text);
    if (size > Limits.RESULT_BYTES && !guarded) {
      throw new NoResultException(
          "The tool's result has " + size + " bytes of JSON; the limit is " + Limits.RESULT_BYTES + ".");
    }
    if (size <= Limits.RESULT_BYTES || size + ENVELOPE_BYTES <= maxPayload) {
      return text;
    }
    Map<String, Object> kept = new LinkedHashMap<>();
    kept.put("truncated", true);
    kept.put("digest", Digests.of(text));
    kept.put("sizeBytes", size);
    kept.put("head", Limits.cut(text, Limits.MESSAGE_BYTES));
    return Json.write(kept);
  }

  private static String problem(Throwable error) {
    return error instanceof JacksonException told ? Json.problem(told) : words(error);
  }

  /** A result that cannot be told, and why. */
  static final class NoResultException extends Exception {
    private static final long serialVersionUID = 1L;

    NoResultException(String message) {
      super(message);
    }
  }
}
