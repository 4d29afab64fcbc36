package dev.agentspan.worker;

import dev.agentspan.AgentspanException;
import dev.agentspan.signing.TrustedKeys;
import dev.agentspan.v1.RegisterRequest;
import dev.agentspan.v1.RegisterResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the server what is served here, and tells it again where it has forgotten that. One at a time. */
final class Registrar implements WorkerParts.Registration {
  /** For a program, which does not know how the command is found where it runs. */
  static final String START_WITH =
      "Start one with: agentspan server start (in a clone of its repository: npx agentspan server start)";
  private static final Logger LOG = LoggerFactory.getLogger(Registrar.class);
  // Two registrations that nobody waits for are so far apart.
  private static final Duration EVERY = Duration.ofSeconds(2);

  private final List<ServedTool> tools;
  private final Consumer<RegisterResponse> onAnswer;
  private final ReentrantLock turn = new ReentrantLock(true);
  private final AtomicBoolean wanted = new AtomicBoolean();
  private WorkerParts parts;
  private volatile long registeredAt;

  Registrar(List<ServedTool> tools, Consumer<RegisterResponse> onAnswer) {
    this.tools = tools;
    this.onAnswer = onAnswer;
  }

  /** Given once, before anything else: it has this in it. */
  void use(WorkerParts all) {
    parts = all;
  }

  /**
   * Throws AgentspanException where the server refuses, or is not there within the patience; null for as long as it
   * takes.
   */
  void first(Duration patience) {
    register(patience, parts.draining(), onAnswer);
  }

  @Override
  public void now() {
    register(null, parts.ended(), answer -> {});
  }

  @Override
  public void soon() {
    if (parts.draining().isSet() || !wanted.compareAndSet(false, true)) {
      return;
    }
    parts.threads().execute(() -> {
      Duration passed = Duration.ofNanos(System.nanoTime() - registeredAt);
      Duration spread = Asking.backoff(1, Duration.ofMillis(200), Duration.ofMillis(200));
      if (parts.draining().await(Times.orZero(EVERY.minus(passed)).plus(spread))) {
        return;
      }
      // From here on another wish is one for the time after this registration.
      wanted.set(false);
      try {
        register(null, parts.draining(), onAnswer);
      } catch (AgentspanException error) {
        LOG.error("Registering again failed: {}", error.getMessage());
      } catch (WorkerEndedException error) {
        LOG.debug("Stopped before it was registered again");
      }
    });
  }

  private void register(Duration patience, Signal ended, Consumer<RegisterResponse> use) {
    turn.lock();
    try {
      RegisterResponse answer = new Asking<>(parts.link(), Verb.REGISTER, request(), ended)
          .within(patience)
          .answer()
          .orElseThrow(() -> new AgentspanException("BUS_UNAVAILABLE", "NATS answers, but no Agentspan server listens"
              + " there. Is the server running? " + START_WITH));
      if (answer.hasError()) {
        String reason = answer.getError().getReason();
        String message = "The server did not take this worker: " + answer.getError().getMessage();
        throw new AgentspanException(reason.isEmpty() ? "INTERNAL" : reason, message);
      }
      registeredAt = System.nanoTime();
      use.accept(answer);
      compareKeys(answer.getKeyIdsList());
    } finally {
      turn.unlock();
    }
  }

  private RegisterRequest request() {
    RegisterRequest.Builder request = RegisterRequest.newBuilder()
        .setWorkerId(parts.identity().workerId())
        .setIncarnation(parts.identity().incarnation())
        .setNamespace(parts.identity().namespace())
        .setLanguage("java")
        .setSdkVersion(Version.SDK);
    tools.forEach(served -> request.addTools(served.tool().declared(served.queue())));
    if (parts.permit() != null) {
      request.setPermit(parts.permit());
    }
    return request.build();
  }

  /** What a server says of its keys proves nothing; that they are others is worth a word before the first call. */
  private void compareKeys(List<String> keyIds) {
    TrustedKeys trusted = parts.trustedKeys();
    if (trusted != null && keyIds.stream().noneMatch(id -> trusted.has(TrustedKeys.Signer.ORCHESTRATORS, id))) {
      String why = keyIds.isEmpty() ? "the server does not sign" : "the server signs with " + String.join(", ", keyIds);
      LOG.error("No call can begin here: the server has no key of the trusted ones  why={}", why);
    }
  }
}
