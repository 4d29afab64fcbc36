package dev.agentspan.worker;

import io.nats.client.AuthHandler;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import io.nats.client.Options;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a worker connects.
 *
 * @param shownUrl for sentences, without a login
 * @param tls null where the connection is in the clear
 * @param user proves itself by a key, in place of a login in the address; null where there is none
 */
record NatsOptions(
    String workerId, NatsAddress address, String shownUrl, SSLContext tls, AuthHandler user, Duration connectWithin) {
  private static final Logger LOG = LoggerFactory.getLogger(NatsLink.class);

  Options build(ConnectionListener listener) {
    Options.Builder options = new Options.Builder()
        .servers(address.servers().toArray(String[]::new))
        .connectionName("agentspan worker " + workerId)
        .inboxPrefix("_INBOX_" + workerId + ".")
        .connectionTimeout(connectWithin)
        .maxReconnects(-1)
        .reconnectWait(Duration.ofMillis(400))
        // What was said while there was no connection is said again by whoever still means it.
        .reconnectBufferSize(0)
        // A connection that is dead is noticed within half a minute.
        .pingInterval(Duration.ofSeconds(10))
        .maxPingsOut(2)
        .connectionListener(listener)
        .errorListener(new Errors());
    if (tls != null) {
      options.sslContext(tls);
    }
    if (user != null) {
      options.authHandler(user);
    } else if (!address.password().isEmpty()) {
      options.userInfo(address.user().toCharArray(), address.password().toCharArray());
    } else if (!address.user().isEmpty()) {
      options.token(address.user().toCharArray());
    }
    return options.build();
  }

  /** The client's own writes them to the console. */
  private static final class Errors implements ErrorListener {
    @Override
    public void errorOccurred(Connection connection, String error) {
      if (error.equalsIgnoreCase("Authorization Violation")) {
        // Whoever tries to connect tells it once, with what to do.
        LOG.debug("NATS refused a login");
      } else {
        LOG.error("NATS refused something  why={}", error);
      }
    }

    @Override
    public void exceptionOccurred(Connection connection, Exception error) {
      // Of a connection that is lost its listener tells.
      LOG.debug("The connection to NATS  why={}", error.toString());
    }

    @Override
    public void slowConsumerDetected(Connection connection, Consumer consumer) {
      LOG.warn("Messages of NATS came faster than they were taken; some are lost, and come again");
    }
  }
}
