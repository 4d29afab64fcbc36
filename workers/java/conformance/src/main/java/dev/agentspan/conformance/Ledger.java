package dev.agentspan.conformance;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What the driver writes down. */
final class Ledger {
  private static final JsonMapper JSON = new JsonMapper();

  private Ledger() {}

  /** One line, by one write: in append mode it is whole, whoever else writes. */
  static void write(String step, Map<String, ?> more) throws IOException {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", step);
    line.put("workerId", Setting.of("WORKER_ID"));
    line.put("pid", ProcessHandle.current().pid());
    line.put("at", System.currentTimeMillis());
    line.putAll(more);
    try (FileOutputStream ledger = new FileOutputStream(Setting.of("LEDGER"), true)) {
      ledger.write((JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
