package dev.agentspan.worker;

import com.google.protobuf.ByteString;
import dev.agentspan.AgentspanException;
import dev.agentspan.internal.Json;
import dev.agentspan.v1.PermittedTool;
import dev.agentspan.v1.WorkerPermit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The file that {@code agentspan worker credentials} makes: what lets a worker in where that is asked.
 *
 * @param user of NATS; null where the worker's login is another
 */
record WorkerCredentials(WorkerPermit permit, NkeyUser user) {
  /** Throws AgentspanException INVALID_REQUEST with the path and what is wrong, without a word of what is in it. */
  static WorkerCredentials read(Path file) {
    String where = "The file of worker credentials \"" + file
        + "\" (credentialsFile, or AGENTSPAN_WORKER_CREDENTIALS_FILE)";
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException error) {
      throw AgentspanException.invalid(where + " cannot be read.");
    }
    try {
      return of(Json.tree(text));
    } catch (JacksonException | IllegalArgumentException | DateTimeException error) {
      // The parser's words would quote it.
      throw AgentspanException.invalid(where + " is not what agentspan worker credentials makes.");
    }
  }

  /**
   * The worker's id: the one that was chosen, which must be among those of the permit, or where that is null the only
   * one.
   */
  String workerId(String chosen) {
    List<String> workers = permit.getWorkersList();
    if (chosen == null && workers.size() == 1) {
      return workers.get(0);
    }
    if (chosen != null && workers.contains(chosen)) {
      return chosen;
    }
    String ids = String.join(", ", workers);
    throw AgentspanException.invalid(chosen == null
        ? "The worker's credentials are for several: choose workerId among " + ids + "."
        : "The worker's credentials are for " + ids + ", and not for workerId " + chosen + ".");
  }

  private static WorkerCredentials of(JsonNode value) {
    JsonNode told = value.path("permit");
    WorkerPermit.Builder permit = WorkerPermit.newBuilder()
        .setKeyId(words(told, "keyId"))
        .setSignature(ByteString.copyFrom(Base64.getDecoder().decode(words(told, "signature"))));
    if (told.has("at")) {
      permit.setAt(Times.toProto(Instant.parse(words(told, "at"))));
    }
    if (told.has("until")) {
      permit.setUntil(Times.toProto(Instant.parse(words(told, "until"))));
    }
    for (JsonNode worker : told.path("workers")) {
      permit.addWorkers(worker.asString());
    }
    for (JsonNode tool : told.path("tools")) {
      permit.addTools(PermittedTool.newBuilder()
          .setNamespace(words(tool, "namespace"))
          .setQueue(words(tool, "queue"))
          .setName(words(tool, "name")));
    }
    if (permit.getWorkersCount() == 0) {
      throw new IllegalArgumentException("It names no worker.");
    }
    JsonNode seed = value.path("nkeySeed");
    return new WorkerCredentials(permit.build(), seed.isString() ? new NkeyUser(seed.stringValue()) : null);
  }

  private static String words(JsonNode of, String member) {
    return of.path(member).asString("");
  }
}
