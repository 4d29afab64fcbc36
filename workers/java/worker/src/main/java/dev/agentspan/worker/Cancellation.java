package dev.agentspan.worker;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Says that a call should end: its deadline has passed, its run was cancelled, or the worker stops. A function that
 * takes long looks at {@link #isCancelled()}, or waits with {@link #await} in place of sleeping.
 */
public final class Cancellation {
  private final CompletableFuture<String> told = new CompletableFuture<>();

  public boolean isCancelled() {
    return told.isDone();
  }

  /** Why, in words; empty while it is not cancelled. */
  public String reason() {
    return told.getNow("");
  }

  /** Waits until it is cancelled, or for so long; whether it is. */
  public boolean await(Duration most) throws InterruptedException {
    try {
      told.get(most.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException error) {
      return false;
    } catch (ExecutionException error) {
      throw new IllegalStateException("It never fails.", error);
    }
  }

  /** Completes with the reason once it is cancelled. What depends on it runs in the common pool. */
  public CompletableFuture<String> future() {
    return told.thenApplyAsync(reason -> reason);
  }

  /** Cancels; only the first reason counts. For the worker, and for tests of tools. */
  public void cancel(String reason) {
    told.complete(reason);
  }

  /** Does it at once where it is cancelled, else in the thread that cancels. */
  void onCancel(Runnable action) {
    told.thenRun(action);
  }
}
