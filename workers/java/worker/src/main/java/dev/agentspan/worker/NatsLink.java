package dev.agentspan.worker;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.agentspan.AgentspanException;
import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.Nats;
import io.nats.client.Subscription;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection for all that a worker says. It reconnects for ever by itself; what must be repeated the callers
 * repeat.
 */
final class NatsLink implements Link {
  private static final Logger LOG = LoggerFactory.getLogger(NatsLink.class);
  private static final Duration REOPEN_AFTER = Duration.ofMillis(500);
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);
  private static final String START_REMEDY =
      "Is the server running, and is AGENTSPAN_NATS_URL its address? " + Registrar.START_WITH;
  private static final String LOGIN_REMEDY = "It does not know this login. Make the worker's credentials with:"
      + " agentspan worker credentials; and name their file in AGENTSPAN_WORKER_CREDENTIALS_FILE";

  /** A place below the worker's own prefix, where messages come, over whatever connection there is. */
  static final class Inbox {
    private final String subject;
    private final MessageHandler onMessage;
    private volatile Subscription subscription;

    private Inbox(String subject, MessageHandler onMessage) {
      this.subject = subject;
      this.onMessage = onMessage;
    }

    String subject() {
      return subject;
    }
  }

  private final NatsOptions options;
  private final Signal closing;
  private final List<Inbox> inboxes = new CopyOnWriteArrayList<>();
  private volatile Connection connection;
  private volatile Dispatcher dispatcher;
  private volatile Runnable onReconnect = () -> {};
  /** What was last said of why it cannot be reached; empty since it was. */
  private volatile String lastTold = "";

  private NatsLink(NatsOptions options, Signal closing) {
    this.options = options;
    this.closing = closing;
  }

  /**
   * Tries until something answers. Throws BUS_UNAVAILABLE with the remedy where nothing does within the patience (null
   * for as long as it takes), and WorkerEndedException where the worker ends first.
   */
  static NatsLink open(NatsOptions options, Duration patience, Signal ended) {
    NatsLink link = new NatsLink(options, ended);
    long begun = System.nanoTime();
    while (true) {
      try {
        link.connect();
        return link;
      } catch (IOException error) {
        Duration waited = Duration.ofNanos(System.nanoTime() - begun).plus(REOPEN_AFTER);
        if (patience != null && waited.compareTo(patience) >= 0) {
          throw unreachable(options.shownUrl(), error);
        }
        link.notYet(error);
        if (ended.await(REOPEN_AFTER)) {
          throw new WorkerEndedException("The worker has stopped before NATS was reached.");
        }
      }
    }
  }

  /** Called each time the connection is back, in a thread of the client's. */
  void onReconnect(Runnable action) {
    onReconnect = action;
  }

  @Override
  public <A extends MessageLite> Optional<A> ask(
      Verb<A> verb, MessageLite request, Duration most, String orchestratorId) {
    String subject = "agentspan.worker." + options.workerId() + "." + verb.word();
    if (!orchestratorId.isEmpty()) {
      subject += "." + orchestratorId;
    }
    CompletableFuture<Message> answer = null;
    try {
      answer = connection.requestWithTimeout(subject, request.toByteArray(), most);
      return Optional.of(verb.parser().parseFrom(answer.get(most.toNanos(), TimeUnit.NANOSECONDS).getData()));
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new WorkerEndedException("The thread was interrupted.");
    } catch (TimeoutException | ExecutionException | IllegalStateException | InvalidProtocolBufferException error) {
      // Nobody listens, not connected, an answer that is none: all the same to whoever must ask again.
      LOG.debug("No answer  subject={} why={}", subject, error.toString());
      return Optional.empty();
    } finally {
      if (answer != null) {
        answer.cancel(false);
      }
    }
  }

  @Override
  public void publish(String subject, String replyTo, String body) {
    try {
      connection.publish(subject, replyTo, body.getBytes(StandardCharsets.US_ASCII));
    } catch (IllegalStateException error) {
      LOG.debug("Lost a message  subject={} why={}", subject, error.toString());
    }
  }

  @Override
  public long maxPayload() {
    return connection.getMaxPayload();
  }

  /**
   * Listens below a fresh inbox of this worker's; survives reconnections. Messages come in a thread that must not wait.
   */
  Inbox listen(MessageHandler onMessage) {
    Inbox inbox = new Inbox(connection.createInbox(), onMessage);
    inboxes.add(inbox);
    inbox.subscription = dispatcher.subscribe(inbox.subject + ".*", onMessage);
    return inbox;
  }

  /** Listens there no more; what is on its way is still delivered. */
  void leave(Inbox inbox) {
    inboxes.remove(inbox);
    try {
      inbox.subscription.drain(LAST_WORDS);
    } catch (IllegalStateException error) {
      // A connection that has closed has nothing on its way.
      LOG.debug("Could not drain a subscription  why={}", error.toString());
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends what is buffered and closes. The signal that was given to open is set before. */
  void close() {
    Connection last = connection;
    try {
      last.flush(LAST_WORDS);
    } catch (TimeoutException | IllegalStateException error) {
      LOG.debug("Could not flush the connection to NATS  why={}", error.toString());
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
    closeQuietly(last);
  }

  private static void closeQuietly(Connection connection) {
    try {
      connection.close();
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }

  /** Makes a connection, and it ours. */
  private void connect() throws IOException {
    try {
      Events events = new Events();
      Connection made = Nats.connect(options.build(events));
      try {
        Dispatcher listening = made.createDispatcher();
        for (Inbox inbox : inboxes) {
          inbox.subscription = listening.subscribe(inbox.subject + ".*", inbox.onMessage);
        }
        connection = made;
        lastTold = "";
        dispatcher = listening;
        events.count();
      } catch (IllegalStateException error) {
        throw new IOException("The connection was closed at once.", error);
      }
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new WorkerEndedException("The thread was interrupted.");
    }
  }

  /** What happens to one connection, which counts from when it is ours. */
  private final class Events implements ConnectionListener {
    private boolean counts;
    private boolean closed;

    /** Throws IllegalStateException where the connection has been closed already. */
    synchronized void count() {
      if (closed) {
        throw new IllegalStateException("It is closed.");
      }
      counts = true;
    }

    @Override
    @Deprecated
    public void connectionEvent(Connection of, ConnectionListener.Events event) {
      boolean ours;
      synchronized (this) {
        closed |= event == ConnectionListener.Events.CLOSED;
        ours = counts && !closing.isSet();
      }
      if (!ours) {
        return;
      }
      switch (event) {
        case DISCONNECTED -> LOG.warn("Lost the connection to NATS; reconnecting  url={}", options.shownUrl());
        case RESUBSCRIBED -> connectedAgain();
        case CLOSED -> {
          // The client gives up for good on what a server may say twice, such as that a login is wrong.
          LOG.error("NATS ended the connection; opening another  why={}", of.getLastError());
          Thread reopening = new Thread(NatsLink.this::reopen, "agentspan-reopen");
          reopening.setDaemon(true);
          reopening.start();
        }
        default -> {}
      }
    }
  }

  private void connectedAgain() {
    LOG.info("Connected to NATS again  url={}", options.shownUrl());
    onReconnect.run();
  }

  private void reopen() {
    while (!closing.await(REOPEN_AFTER)) {
      try {
        connect();
      } catch (IOException error) {
        notYet(error);
        continue;
      }
      if (closing.isSet()) {
        closeQuietly(connection);
      } else {
        connectedAgain();
      }
      return;
    }
  }

  /** Said once for each cause: it is tried again twice a second. */
  private void notYet(IOException why) {
    String words = words(why);
    if (!words.equals(lastTold)) {
      lastTold = words;
      LOG.warn("Cannot reach NATS yet; trying again  url={} why={}. {}", options.shownUrl(), words, remedy(why));
    }
  }

  private static String words(Exception why) {
    return why.getMessage() == null ? why.toString() : NatsAddress.withoutLogin(why.getMessage());
  }

  private static String remedy(Exception why) {
    return why instanceof AuthenticationException ? LOGIN_REMEDY : START_REMEDY;
  }

  static AgentspanException unreachable(String url, Exception why) {
    String message = "Cannot reach NATS at " + url + " (" + words(why) + "). " + remedy(why);
    return new AgentspanException("BUS_UNAVAILABLE", message, why);
  }
}
