package dev.agentspan.conformance;

import dev.agentspan.worker.PreviewCall;
import dev.agentspan.worker.ProbeAnswer;
import dev.agentspan.worker.ProbeCall;
import dev.agentspan.worker.TerminalException;
import dev.agentspan.worker.Tool;
import dev.agentspan.worker.ToolBuilder;
import dev.agentspan.worker.ToolCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The tools of workers/CONFORMANCE.md. They know nothing of the behaviours that they are for. */
final class ConformanceTools {
  private static final long LOOK_MS = 10;
  private static final String TYPED =
      """
      {"type": "object",
       "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}},
       "required": ["order_id", "amount"],
       "additionalProperties": false}
      """;

  private ConformanceTools() {}

  static List<Tool<?>> all() {
    return List.of(
        served("plain").build(),
        served("typed").inputSchema(TYPED).build(),
        served("once").once().build(),
        served("gated").approvalRequired().build(),
        served("probed").once().probe((args, call) -> look("probed", args, call)).enforcesIdempotency().build(),
        served("previewed").approvalRequired().preview((args, call) -> show("previewed", args, call)).build());
  }

  private static ToolBuilder<JsonNode> served(String name) {
    return Tool.builder(name, JsonNode.class, (args, call) -> act(name, args, call))
        .inputSchema("{\"type\": \"object\"}");
  }

  private static Object act(String name, JsonNode args, ToolCall call) throws IOException {
    note("begin", name, args, call);
    if (args.has("hold") && held(name, args, call)) {
      return Map.of("cancelled", true);
    }
    if (args.has("fail")) {
      throw new IllegalStateException(args.get("fail").stringValue());
    }
    if (args.has("final")) {
      throw new TerminalException(args.get("final").stringValue());
    }
    note("end", name, args, call);
    if (args.has("returns")) {
      return args.get("returns");
    }
    if (args.has("bytes")) {
      return Map.of("filler", "x".repeat(args.get("bytes").intValue()));
    }
    return Map.of("done", name, "attempt", call.attempt());
  }

  /** Whether it was cancelled and heeded that; else the gate is open. */
  private static boolean held(String name, JsonNode args, ToolCall call) throws IOException {
    Path gate = Path.of(Setting.of("GATES"), args.get("hold").stringValue());
    boolean told = false;
    while (!Files.exists(gate)) {
      if (call.isCancelled() && !told) {
        told = true;
        note("cancelled", name, args, call);
        if (args.path("heed").asBoolean(false)) {
          return true;
        }
      }
      try {
        Thread.sleep(LOOK_MS);
      } catch (InterruptedException error) {
        // The call says so too.
      }
    }
    return false;
  }

  private static void note(String step, String name, JsonNode args, ToolCall call) throws IOException {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("tool", name);
    line.put("runId", call.runId());
    line.put("callId", call.callId());
    line.put("attempt", call.attempt());
    line.put("key", call.idempotencyKey());
    line.put("args", args.toString());
    line.put("deadline", call.deadline().map(Instant::toEpochMilli).orElse(0L));
    line.put("approvalId", call.approvalId());
    line.put("decisionId", call.decisionId());
    Ledger.write(step, line);
  }

  private static ProbeAnswer look(String name, JsonNode args, ProbeCall call) throws IOException {
    String key = call.idempotencyKey();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("tool", name);
    line.put("runId", call.runId());
    line.put("callId", call.callId());
    line.put("attempt", call.attempt());
    line.put("key", key);
    line.put("args", args.toString());
    Ledger.write("probe", line);
    String detail = "looked for " + key;
    return switch (args.path("probe").asString("")) {
      case "HAPPENED" -> ProbeAnswer.happened(Map.of("found", key), detail);
      case "DID_NOT_HAPPEN" -> ProbeAnswer.didNotHappen(detail);
      case "UNKNOWN" -> ProbeAnswer.unknown(detail);
      default -> throw new IllegalStateException("the probe is blind");
    };
  }

  private static Object show(String name, JsonNode args, PreviewCall call) throws IOException {
    Ledger.write(
        "preview",
        Map.of("tool", name, "runId", call.runId(), "callId", call.callId(), "args", args.toString()));
    if (args.has("blind")) {
      throw new IllegalStateException(args.get("blind").stringValue());
    }
    return args.get("shows");
  }
}
