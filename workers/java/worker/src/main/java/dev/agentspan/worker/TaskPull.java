package dev.agentspan.worker;

import io.nats.client.Message;
import io.nats.client.support.Status;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pulls hints from one durable consumer. One request is out at a time, for no more than there is room for, so that what
 * this worker cannot take stays for others.
 */
final class TaskPull {
  private static final Logger LOG = LoggerFactory.getLogger(TaskPull.class);
  // How long a request may wait at the server; after it, it is made anew.
  private static final Duration EXPIRES = Duration.ofSeconds(20);
  private static final Duration LOST_AFTER = EXPIRES.plusSeconds(3);
  private static final Duration AFTER_REFUSAL = Duration.ofMillis(500);

  private final WorkerParts parts;
  private final NatsLink link;
  private final String stream;
  private final String consumer;
  private final IntSupplier batch;
  private final Consumer<TaskMessage> onTask;
  private NatsLink.Inbox inbox;
  /** Where the request that is out is answered; earlier ones do not count any more. */
  private int request;
  /** Messages that it still owes. */
  private int owed;
  private ScheduledFuture<?> timer;
  private boolean closed;

  /** The batch says how many to ask for now; 0 for none. */
  TaskPull(
      WorkerParts parts,
      NatsLink link,
      String stream,
      String consumer,
      IntSupplier batch,
      Consumer<TaskMessage> onTask) {
    this.parts = parts;
    this.link = link;
    this.stream = stream;
    this.consumer = consumer;
    this.batch = batch;
    this.onTask = onTask;
  }

  String consumer() {
    return consumer;
  }

  /** Listens; nothing is asked for yet. */
  synchronized void open() {
    inbox = link.listen(this::receive);
  }

  /** Asks for tasks where there is room and no request is out. */
  synchronized void wake() {
    if (closed || owed > 0 || inbox == null) {
      return;
    }
    int wanted = batch.getAsInt();
    if (wanted == 0) {
      return;
    }
    owed = wanted;
    request++;
    String body = "{\"batch\":" + wanted + ",\"expires\":" + EXPIRES.toNanos() + "}";
    link.publish("$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer, replyTo(), body);
    wakeAfter(LOST_AFTER);
  }

  /** The connection is new: the server has forgotten the request. */
  synchronized void restart() {
    owed = 0;
    wake();
  }

  /** Takes nothing more; what is on its way is given back. */
  void close() {
    NatsLink.Inbox open;
    synchronized (this) {
      closed = true;
      if (timer != null) {
        timer.cancel(false);
      }
      open = inbox;
    }
    if (open != null) {
      link.leave(open);
    }
  }

  private String replyTo() {
    return inbox.subject() + "." + request;
  }

  private void receive(Message message) {
    if (message.isStatusMessage()) {
      noteStatus(message.getSubject(), message.getStatus());
      return;
    }
    TaskMessage task = new TaskMessage(link, message.getReplyTo(), message.getData());
    synchronized (this) {
      if (closed) {
        task.giveBack();
        return;
      }
      owed = Math.max(0, owed - 1);
    }
    onTask.accept(task);
    wake();
  }

  private synchronized void noteStatus(String subject, Status status) {
    if (closed || !subject.equals(replyTo())) {
      return;
    }
    switch (status.getCode()) {
      case 100 -> {}
      case 404, 408 -> restart();
      default -> {
        LOG.warn("A pull for tasks was refused: {} {}  consumer={}", status.getCode(), status.getMessage(), consumer);
        owed = 1;
        wakeAfter(AFTER_REFUSAL);
        // No such consumer or no JetStream; or it was deleted, moved, or has too much unacknowledged.
        if (status.getCode() == 503 || status.getCode() == 409) {
          parts.registration().soon();
        }
      }
    }
  }

  private void wakeAfter(Duration wait) {
    if (timer != null) {
      timer.cancel(false);
    }
    timer = parts.after(wait, this::restart);
  }
}
