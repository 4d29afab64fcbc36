package dev.agentspan.worker;

import dev.agentspan.AgentspanException;
import dev.agentspan.v1.HeartbeatResponse;
import dev.agentspan.v1.RegisterResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves tools from this process: one connection, one identity, one room for all of them. It is started once and closed
 * once; while it serves it keeps the JVM alive.
 *
 * <pre>{@code
 * try (Worker worker = Worker.builder().serve("refund_agent", getOrder, processRefund).build()) {
 *   worker.run();
 * }
 * }</pre>
 */
public final class Worker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final Duration DEFAULT_HEARTBEAT = Duration.ofSeconds(3);
  // After the grace, for functions to heed that they are told, and for last answers.
  private static final Duration LAST_WORDS = Duration.ofSeconds(3);

  private final WorkerSettings settings;
  private final Signal draining = new Signal();
  private final Signal ended = new Signal();
  private final Signal closed = new Signal();
  private final ExecutorService threads = Executors.newCachedThreadPool(daemons("agentspan-task"));
  private final ScheduledExecutorService timers =
      Executors.newSingleThreadScheduledExecutor(daemons("agentspan-timer"));
  private final Registrar registrar;
  private final TaskDesk desk;
  private final Thread onExit = new Thread(this::close, "agentspan-exit");
  private volatile List<TaskPull> pulls = List.of();
  private volatile Duration heartbeat = DEFAULT_HEARTBEAT;
  private volatile NatsLink link;
  private volatile WorkerParts parts;
  private volatile Thread beating;
  private boolean started;
  private boolean stopping;

  Worker(WorkerSettings settings) {
    this.settings = settings;
    this.registrar = new Registrar(settings.tools(), this::pullFrom);
    this.desk = new TaskDesk(settings.concurrency(), this::wakePulls);
  }

  /** Settings come from the environment where they are not said. */
  public static WorkerBuilder builder() {
    return new WorkerBuilder(System.getenv());
  }

  /** As the server knows it. */
  public String id() {
    return settings.identity().workerId();
  }

  /**
   * Returns when the server knows that the tools are served here. Throws AgentspanException BUS_UNAVAILABLE where it
   * could not be told within the patience, or with the server's reason where it refuses; the worker is closed then.
   */
  public void start() {
    try {
      start(settings.patience());
    } catch (WorkerEndedException error) {
      throw new AgentspanException("BUS_UNAVAILABLE", "The worker was closed before it was registered.", error);
    }
  }

  /**
   * Serves until the worker is closed, as by the end of the JVM, or the thread is interrupted; waits for a server for
   * as long as it takes.
   */
  public void run() {
    try {
      start(null);
    } catch (WorkerEndedException error) {
      LOG.debug("Stopped before it was registered");
    }
    try {
      while (!closed.await(Duration.ofDays(1))) {
        // It serves.
      }
    } catch (WorkerEndedException error) {
      LOG.debug("The thread that waited for its end was interrupted");
    }
  }

  /** Stops with the grace that the builder was told. */
  @Override
  public void close() {
    shutdown(settings.grace());
  }

  /**
   * Takes nothing new, hands back what has not begun, and lets functions finish within the grace. Then tells them to
   * end, reports what is done, and closes. A guarded call that is cut off opens a settlement. Whoever calls it later
   * waits for the first.
   */
  public void shutdown(Duration grace) {
    boolean first;
    synchronized (this) {
      first = !stopping;
      stopping = true;
    }
    if (!first) {
      closed.await(grace.plus(LAST_WORDS.multipliedBy(3)));
      return;
    }
    LOG.info("Shutting down  worker_id={} in_hand={}", id(), desk.inHand().size());
    draining.set();
    try {
      closeAll(pulls);
      drain(grace);
      desk.inHand().forEach(task -> LOG.error("Stopped with a task in hand  {} begun={}", task, task.hasBegun()));
    } finally {
      ended.set();
      end();
      closed.set();
    }
  }

  private void start(Duration patience) {
    synchronized (this) {
      if (started || stopping) {
        throw AgentspanException.invalid("A worker is started once; make another.");
      }
      started = true;
    }
    if (settings.stopsOnExit()) {
      Runtime.getRuntime().addShutdownHook(onExit);
    }
    try {
      link = NatsLink.open(settings.nats(), patience, ended);
      parts = new WorkerParts(
          settings.identity(), link, Clock.SYSTEM, threads, timers, settings.trustedKeys(), settings.permit(),
          registrar, draining, ended);
      registrar.use(parts);
      link.onReconnect(() -> {
        pulls.forEach(TaskPull::restart);
        registrar.soon();
      });
      registrar.first(patience);
      beat();
    } catch (RuntimeException error) {
      shutdown(Duration.ZERO);
      throw error;
    }
  }

  private void beat() {
    Heartbeat heart = new Heartbeat(parts, () -> heartbeat, desk::inHand, this::heed);
    // No daemon: a program whose main has returned goes on serving.
    beating = new Thread(heart::run, "agentspan-heartbeat");
    beating.start();
  }

  private void heed(HeartbeatResponse answer) {
    desk.cancel(task -> answer.getStopList().contains(task.nonce()), "The server asked to stop this call.");
    if (answer.getRegister()) {
      registrar.soon();
    }
  }

  /** Pulls where the server says, from where that was not done before. */
  private void pullFrom(RegisterResponse answer) {
    if (answer.getHeartbeatInterval().getSeconds() > 0 || answer.getHeartbeatInterval().getNanos() > 0) {
      heartbeat = Times.of(answer.getHeartbeatInterval());
    }
    Map<String, TaskPull> known = new HashMap<>();
    pulls.forEach(pull -> known.put(pull.consumer(), pull));
    List<TaskPull> next = new ArrayList<>();
    for (int i = 0; i < Math.min(answer.getConsumersCount(), settings.tools().size()); i++) {
      TaskPull pull = known.remove(answer.getConsumers(i));
      if (pull == null) {
        pull = pull(settings.tools().get(i).tool(), answer.getStream(), answer.getConsumers(i));
        pull.open();
      }
      next.add(pull);
    }
    pulls = List.copyOf(next);
    LOG.info("Serving tools  worker_id={} tools={}", id(), settings.tools());
    wakePulls();
    closeAll(known.values());
  }

  /** At once: each waits for NATS, which may not be there. */
  private void closeAll(Collection<TaskPull> closing) {
    CompletableFuture.allOf(closing.stream()
            .map(pull -> CompletableFuture.runAsync(pull::close, threads))
            .toArray(CompletableFuture<?>[]::new))
        .join();
  }

  private TaskPull pull(Tool<?> tool, String stream, String consumer) {
    return new TaskPull(parts, link, stream, consumer, this::batch, message -> desk.take(parts, tool, message));
  }

  /** The room is shared by all tools' requests; each may ask for one, so that no tool starves. */
  private int batch() {
    int room = desk.room();
    return room == 0 ? 0 : Math.max(1, room / Math.max(1, pulls.size()));
  }

  private void wakePulls() {
    if (!draining.isSet()) {
      pulls.forEach(TaskPull::wake);
    }
  }

  private void drain(Duration grace) {
    try {
      if (!desk.awaitIdle(grace)) {
        desk.cancel(task -> true, "The worker is shutting down.");
        desk.awaitIdle(LAST_WORDS);
      }
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }

  private void end() {
    try {
      if (beating != null) {
        beating.join();
      }
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
    if (link != null) {
      link.close();
    }
    timers.shutdownNow();
    threads.shutdown();
    try {
      Runtime.getRuntime().removeShutdownHook(onExit);
    } catch (IllegalStateException error) {
      LOG.debug("Stopped by the end of the JVM");
    }
  }

  private static ThreadFactory daemons(String name) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
