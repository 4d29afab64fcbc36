package dev.agentspan.worker;

import dev.agentspan.v1.TaskHint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tasks that a worker has in hand, and the room for more. Whoever waits for room is served in order. */
final class TaskDesk {
  private static final Logger LOG = LoggerFactory.getLogger(TaskDesk.class);
  // A hint waits so long for room here before another worker may have it.
  private static final long ROOM_WAIT_MS = 1_000;

  private final Semaphore room;
  private final Runnable onRoom;
  /** By the key of the attempt, a probe beside its attempt by another. */
  private final Map<String, TaskInHand> inHand = new LinkedHashMap<>();
  /** Hints and tasks that a thread is at. */
  private int running;

  TaskDesk(int concurrency, Runnable onRoom) {
    this.room = new Semaphore(concurrency, true);
    this.onRoom = onRoom;
  }

  /** How many more may begin. */
  int room() {
    return room.availablePermits();
  }

  /** Claims in flight included. */
  synchronized List<TaskInHand> inHand() {
    return new ArrayList<>(inHand.values());
  }

  /** Tells functions to end. */
  void cancel(Predicate<TaskInHand> which, String why) {
    inHand().stream().filter(which).forEach(task -> task.cancellation().cancel(why));
  }

  /**
   * Takes a hint as far as it goes, in a thread of its own: to the answered outcome of its task, or back to the server.
   */
  void take(WorkerParts parts, Tool<?> tool, TaskMessage message) {
    count(1);
    try {
      parts.threads().execute(() -> {
        try {
          takeHere(parts, tool, message);
        } finally {
          count(-1);
        }
      });
    } catch (Throwable error) { // No thread can be made: the hint comes again.
      count(-1);
      throw error;
    }
  }

  /** Waits until nothing is in hand and no hint waits, or for so long; whether nothing is. */
  synchronized boolean awaitIdle(Duration most) throws InterruptedException {
    long ends = System.nanoTime() + most.toNanos();
    for (long left = most.toNanos(); running > 0 && left > 0; left = ends - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return running == 0;
  }

  private synchronized void count(int more) {
    running += more;
    notifyAll();
  }

  private void takeHere(WorkerParts parts, Tool<?> tool, TaskMessage message) {
    TaskHint hint = message.hint();
    if (hint == null) {
      LOG.error("A message in the task stream is no task hint; dropped it  tool={}", tool.name());
      message.drop();
      return;
    }
    try {
      if (!room.tryAcquire(ROOM_WAIT_MS, TimeUnit.MILLISECONDS)) {
        message.giveBack();
        return;
      }
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      message.giveBack();
      return;
    }
    try {
      if (parts.draining().isSet()) {
        message.giveBack();
      } else {
        run(parts, tool, hint, message);
      }
    } finally {
      room.release();
      onRoom.run();
    }
  }

  private void run(WorkerParts parts, Tool<?> tool, TaskHint hint, TaskMessage message) {
    TaskInHand task = new TaskInHand(hint, tool, message);
    boolean probes;
    synchronized (this) {
      if (joined(hint, tool, message)) {
        return;
      }
      TaskInHand known = inHand.get(task.key());
      probes = known != null && !known.isLooking();
      if (known != null && known.isLooking()) {
        inHand.put(task.key() + "/" + known.nonce(), known);
      }
      inHand.put(probes ? probeKey(hint) : task.key(), task);
    }
    try {
      if (probes) {
        ProbeRun.run(parts, task);
      } else {
        TaskRun.run(parts, task);
      }
    } catch (WorkerEndedException error) {
      LOG.error("A task was left unanswered: {}  {}", error.getMessage(), task);
    } catch (RuntimeException | Error error) { // Whatever can go on goes on: the server finds out about this one.
      LOG.error("A task was left unanswered  {}", task, error);
    } finally {
      synchronized (this) {
        inHand.values().removeIf(held -> held == task);
      }
    }
  }

  /** Whether the hint is about something that is in hand already: that one's claim speaks for it. */
  private boolean joined(TaskHint hint, Tool<?> tool, TaskMessage message) {
    TaskInHand known = inHand.get(TaskInHand.keyOf(hint));
    // Once its preview is answered, the attempt itself may be announced before this worker has heard of that.
    if (known == null || known.isLooking()) {
      return false;
    }
    TaskInHand probing = inHand.get(probeKey(hint));
    // What runs here is announced again: its time may be over, and its probe be asked.
    if (known.hasBegun() && tool.hasProbe() && probing == null) {
      return false;
    }
    (probing == null ? known : probing).join(message);
    return true;
  }

  /** The place in hand beside the attempt itself. */
  private static String probeKey(TaskHint hint) {
    return TaskInHand.keyOf(hint) + "/probe";
  }
}
