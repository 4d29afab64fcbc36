package dev.agentspan.worker;

import dev.agentspan.internal.Digests;
import dev.agentspan.internal.Json;
import dev.agentspan.v1.Grant;
import dev.agentspan.v1.PreviewAnswer;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Takes a tool's preview, from the refusal that asks for it to the answered answer.
 *
 * <p>Nothing of it is guarded: a preview only looks, so it may run late, twice, or beside another worker's. It always
 * answers, since a person or a call waits: what it saw, or why it could not look. Its time is kept here, from when the
 * claim was sent: what comes later is a failure, whatever the function still does.
 */
final class PreviewRun {
  private static final Logger LOG = LoggerFactory.getLogger(PreviewRun.class);
  private static final int FAILURE_BYTES = 2 * 1024;
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private PreviewRun() {}

  /** Returns when the server has answered, or the task is left to others. */
  static void run(WorkerParts parts, TaskInHand task) {
    if (parts.draining().isSet()) {
      task.giveHintsBack();
      return;
    }
    Claimed claimed = Claim.of(parts, task, Claim.Of.PREVIEW);
    if (!(claimed instanceof Claimed.Granted granted)) {
      // Meanwhile it may be something else that is asked of this attempt: whoever claims next is told.
      task.giveHintsBack();
      LOG.debug("A claim of a preview was refused: {}  {}", claimed, task);
      return;
    }
    task.look();
    task.acknowledgeHints();
    PreviewAnswer.Builder answer = PreviewAnswer.newBuilder().setNumber(granted.grant().getPreview().getNumber());
    try {
      answer.setContentJson(contentOf(saw(parts, task, granted)));
    } catch (Throwable error) { // Whatever goes wrong is told to whoever decides.
      LOG.warn("A preview failed: {}  {}", Outcome.words(error), task);
      answer.setFailure(Limits.cut(Outcome.words(error), FAILURE_BYTES));
    }
    Report.complete(parts, task, new Outcome("preview", request -> request.setPreviewAnswer(answer)), granted);
  }

  private static Object saw(WorkerParts parts, TaskInHand task, Claimed.Granted granted) throws Throwable {
    var asked = granted.grant().getPreview();
    Duration allowed = asked.hasTimeLeft() ? Times.of(asked.getTimeLeft()) : LONGEST;
    Duration left = allowed.minus(parts.clock().now().since(granted.sentAt()));
    // In a thread of its own: it may go on for longer than anybody waits.
    Future<Object> looking = parts.threads().submit(() -> look(task, task.tool(), granted.grant()));
    try {
      return looking.get(Times.orZero(left).toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException error) {
      String why = "It took longer than " + allowed.toMillis() + " ms.";
      task.cancellation().cancel(why);
      throw new IllegalStateException(why, error);
    } catch (ExecutionException error) {
      throw error.getCause();
    }
  }

  private static <I> Object look(TaskInHand task, Tool<I> tool, Grant grant) throws Exception {
    if (!grant.hasPreview() || !grant.getToolName().equals(tool.name())) {
      throw new IllegalStateException("The server granted something else than this preview.");
    }
    if (!tool.hasPreview()) {
      throw new IllegalStateException("The worker that was asked brings no preview for this tool.");
    }
    if (!Digests.of(grant.getArgumentsJson()).equals(grant.getArgumentsDigest())) {
      throw new IllegalStateException("The arguments are not of their digest.");
    }
    I input;
    try {
      input = tool.read(grant.getArgumentsJson());
    } catch (ArgumentsException error) {
      throw new IllegalStateException("The worker's schema refuses the arguments: " + error.getMessage(), error);
    }
    PreviewCall call = new PreviewCall(task.runId(), task.callId(), task.cancellation());
    return ToolThread.call(task, true, () -> tool.preview(input, call));
  }

  /** What a preview returned, as the server is told. Throws IllegalStateException where it cannot be shown. */
  static String contentOf(Object seen) {
    if (seen == null) {
      throw new IllegalStateException("The preview returned nothing.");
    }
    String text;
    try {
      text = Json.writeExact(seen);
    } catch (JacksonException error) {
      throw new IllegalStateException(
          "What the preview returned cannot be written as JSON: " + Outcome.words(error), error);
    }
    int size = Limits.bytesOf(text);
    if (size > Limits.PREVIEW_BYTES) {
      throw new IllegalStateException(
          "What the preview returned has " + size + " bytes of JSON; the limit is " + Limits.PREVIEW_BYTES + ".");
    }
    return text;
  }
}
