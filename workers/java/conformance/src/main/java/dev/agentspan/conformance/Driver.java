package dev.agentspan.conformance;

import dev.agentspan.worker.Worker;
import dev.agentspan.worker.WorkerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/** The Java SDK's driver: its real worker with the tools of workers/CONFORMANCE.md. */
public final class Driver {
  private Driver() {}

  /** Takes no arguments; the environment has all. */
  public static void main(String[] args) throws IOException {
    Thread watching = new Thread(Driver::endWithStandardInput, "standard-input");
    watching.setDaemon(true);
    watching.start();
    WorkerBuilder builder = Worker.builder()
        .workerId(Setting.of("WORKER_ID"))
        .concurrency(Integer.parseInt(Setting.of("CONCURRENCY")))
        .stopsOnExit(false);
    for (String queue : Setting.of("QUEUES").split(",")) {
      builder.serve(queue, ConformanceTools.all());
    }
    Worker worker = builder.build();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(worker), "stop"));
    worker.start();
    Ledger.write("ready", Map.of());
  }

  private static void stop(Worker worker) {
    int code = 1;
    try {
      Ledger.write("stopping", Map.of());
      worker.shutdown(Duration.ofMillis(Long.parseLong(Setting.of("GRACE_MS"))));
      code = 0;
    } catch (IOException | RuntimeException error) {
      error.printStackTrace();
    } finally {
      // Else the JVM says that a signal has ended it.
      Runtime.getRuntime().halt(code);
    }
  }

  private static void endWithStandardInput() {
    try {
      while (System.in.read() != -1) {
        // Nobody says anything there; that it ends is all.
      }
    } catch (IOException error) {
      error.printStackTrace();
    }
    Runtime.getRuntime().halt(1);
  }
}
