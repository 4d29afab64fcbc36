package dev.agentspan.worker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A server that takes connections and subscriptions, and sends what a test says. */
final class FakeNats implements AutoCloseable {
  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);

  private final ServerSocket server;
  private final String asks;
  private final SSLContext tls;
  /** Whether whoever connects is told that its login is not known. */
  volatile boolean refuses;
  /** What each connection said, and where it is answered. */
  final List<Talk> talks = new CopyOnWriteArrayList<>();

  record Talk(List<String> lines, OutputStream out) {
    /** As a server ends a connection whose login is not known any more. */
    void refuse() throws IOException {
      send("-ERR 'Authorization Violation'\r\n");
      out.close();
    }

    /** The subjects that it listens to, each with its number behind it. */
    List<String> subscriptions() {
      return lines.stream().filter(line -> line.startsWith("SUB ")).map(line -> line.substring(4)).toList();
    }

    String connect() {
      return lines.stream().filter(line -> line.startsWith("CONNECT ")).findFirst().orElse("");
    }

    void send(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
  }

  /** It asks what is said of JSON here; with a context it speaks TLS after that. */
  FakeNats(String asks, SSLContext tls) throws IOException {
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.asks = asks;
    this.tls = tls;
    background(this::accept);
  }

  String url() {
    return "nats://127.0.0.1:" + server.getLocalPort();
  }

  /** Against what hangs. */
  void until(BooleanSupplier holds) throws InterruptedException {
    long ends = System.nanoTime() + PATIENCE_NS;
    synchronized (talks) {
      while (!holds.getAsBoolean()) {
        long left = ends - System.nanoTime();
        if (left <= 0) {
          throw new AssertionError("It did not happen: " + talks);
        }
        TimeUnit.NANOSECONDS.timedWait(talks, Math.min(left, TimeUnit.MILLISECONDS.toNanos(100)));
      }
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        background(() -> serve(socket));
      } catch (IOException error) {
        return; // It was closed.
      }
    }
  }

  private void serve(Socket plain) {
    try {
      String info = "INFO {\"server_id\":\"a\",\"version\":\"2.15.1\",\"headers\":true,\"max_payload\":1048576"
          + asks + "}\r\n";
      plain.getOutputStream().write(info.getBytes(StandardCharsets.UTF_8));
      Socket socket = plain;
      if (tls != null) {
        SSLSocket secured = (SSLSocket) tls.getSocketFactory().createSocket(plain, null, plain.getPort(), true);
        secured.setUseClientMode(false);
        socket = secured;
      }
      Talk talk = new Talk(new CopyOnWriteArrayList<>(), socket.getOutputStream());
      talks.add(talk);
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (refuses) {
          talk.refuse();
        } else if (line.equals("PING")) {
          talk.send("PONG\r\n");
        }
        synchronized (talks) {
          talk.lines.add(line);
          talks.notifyAll();
        }
      }
    } catch (IOException error) {
      // The client has gone, which is what some tests are about.
    }
  }

  private static void background(Runnable task) {
    Thread thread = new Thread(task, "fake-nats");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
