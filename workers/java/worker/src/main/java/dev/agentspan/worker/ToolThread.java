package dev.agentspan.worker;

import java.util.concurrent.Callable;
import org.slf4j.MDC;

/** Calls a function of an author in this thread, which tells in its logs which call it is about. */
final class ToolThread {
  private final Thread thread = Thread.currentThread();
  private boolean inside = true;

  private ToolThread() {}

  /** What it returns. An interrupting call is interrupted once it is cancelled; nothing after it is. */
  static <T> T call(TaskInHand task, boolean interrupting, Callable<T> function) throws Exception {
    ToolThread here = new ToolThread();
    MDC.put("runId", task.runId());
    MDC.put("callId", task.callId());
    MDC.put("attempt", Integer.toString(task.attempt()));
    MDC.put("tool", task.tool().name());
    try {
      if (interrupting) {
        task.cancellation().onCancel(here::interrupt);
      }
      return function.call();
    } finally {
      here.leave();
      MDC.clear();
    }
  }

  private synchronized void interrupt() {
    if (inside) {
      thread.interrupt();
    }
  }

  private synchronized void leave() {
    inside = false;
    // Whatever is still told was meant for the function.
    Thread.interrupted();
  }
}
