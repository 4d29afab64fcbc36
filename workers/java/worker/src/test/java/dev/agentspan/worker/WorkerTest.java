package dev.agentspan.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.agentspan.AgentspanException;
import dev.agentspan.internal.Json;
import dev.agentspan.signing.SignaturesTest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a worker is made of, and that it begins and ends. */
class WorkerTest {
  record Nothing() {}

  private static final Tool<Nothing> TOOL = Tool.of("tool", Nothing.class, (input, call) -> "done");

  @TempDir
  private Path folder;

  private WorkerBuilder builder(String... env) {
    Map<String, String> variables = new LinkedHashMap<>();
    for (int i = 0; i < env.length; i += 2) {
      variables.put(env[i], env[i + 1]);
    }
    return new WorkerBuilder(variables).serve("agent", TOOL).stopsOnExit(false);
  }

  private Path credentials(String... workers) throws Exception {
    byte[] seed = new byte[32];
    Arrays.fill(seed, (byte) '7');
    Map<String, Object> permit = new LinkedHashMap<>();
    permit.put("workers", workers);
    permit.put("tools", List.of(Map.of("namespace", "default", "queue", "agent", "name", "tool")));
    permit.put("at", "2026-01-01T00:00:00Z");
    permit.put("until", "2027-01-01T00:00:00.500Z");
    permit.put("keyId", "k");
    permit.put("signature", "c2ln");
    permit.put("new", 1);
    Path file = folder.resolve("credentials.json");
    return Files.writeString(file, Json.write(Map.of("nkeySeed", NatsLinkTest.seedOf(seed), "permit", permit)));
  }

  private static String refused(WorkerBuilder builder) {
    AgentspanException refused = assertThrows(AgentspanException.class, builder::build);
    assertEquals("INVALID_REQUEST", refused.reason());
    return refused.getMessage();
  }

  @Test
  void tellsItsOwnVersion() {
    assertEquals(System.getProperty("agentspan.version"), Version.SDK);
  }

  @Test
  void isMadeOfWhatItIsToldAndOfTheEnvironment() throws Exception {
    Path keys = Files.writeString(folder.resolve("keys.json"), SignaturesTest.trusted(Map.of()));
    assertTrue(builder().build().id().matches("[A-Za-z0-9_-]+-[0-9a-f]{10}"));
    assertNotEquals(builder().build().id(), builder().build().id());
    assertEquals("mine", builder().workerId("mine").build().id());
    String file = credentials("refunds").toString();
    assertEquals("refunds", builder(
        "AGENTSPAN_NATS_URL", "nats://one", "AGENTSPAN_TRUSTED_KEYS_FILE", keys.toString(),
        "AGENTSPAN_WORKER_CREDENTIALS_FILE", file).build().id());
    assertTrue(refused(builder("AGENTSPAN_NATS_URL", "http://one", "NATS_URL", "nats://two"))
        .startsWith("AGENTSPAN_NATS_URL must be"));
    assertTrue(refused(builder("NATS_URL", "http://one")).startsWith("NATS_URL must be"));
    assertTrue(refused(builder("NATS_URL", "nats://two").natsUrl("http://one")).startsWith("natsUrl must be"));
    assertTrue(refused(builder("AGENTSPAN_TRUSTED_KEYS_FILE", "none.json")).contains("none.json"));
    assertTrue(refused(builder("AGENTSPAN_NATS_CA_FILE", "none.pem")).contains("AGENTSPAN_NATS_CA_FILE"));
    assertTrue(refused(new WorkerBuilder(Map.of())).contains("has no tools"));
  }

  @Test
  void refusesWhatCannotBeUsed() {
    assertThrows(AgentspanException.class, () -> builder().serve("agent", TOOL));
    assertThrows(AgentspanException.class, () -> builder().serve("no queue", TOOL));
    assertThrows(AgentspanException.class, () -> builder().concurrency(0));
    assertThrows(AgentspanException.class, () -> builder().workerId("a.b"));
    assertThrows(AgentspanException.class, () -> builder().namespace(""));
  }

  @Test
  void isGivenItsIdByCredentialsAndHeldToTheirs() throws Exception {
    WorkerCredentials two = WorkerCredentials.read(credentials("refunds-1", "refunds-2"));
    assertEquals("refunds-2", two.workerId("refunds-2"));
    assertTrue(assertThrows(AgentspanException.class, () -> two.workerId(null))
        .getMessage()
        .contains("choose workerId among refunds-1, refunds-2"));
    assertTrue(assertThrows(AgentspanException.class, () -> two.workerId("billing"))
        .getMessage()
        .contains("not for workerId billing"));
    assertEquals("k sig", two.permit().getKeyId() + " " + two.permit().getSignature().toStringUtf8());
    assertEquals(1_767_225_600L, two.permit().getAt().getSeconds());
    assertEquals(500_000_000, two.permit().getUntil().getNanos());
    assertEquals("tool", two.permit().getTools(0).getName());
    assertTrue(new String(two.user().getID()).startsWith("U"));
    Path without = Files.writeString(
        folder.resolve("without.json"), "{\"permit\":{\"workers\":[\"a\"],\"keyId\":\"k\",\"signature\":\"\"}}");
    assertNull(WorkerCredentials.read(without).user());
  }

  @ParameterizedTest
  @ValueSource(strings = {"SUAsecret", "{}", "{\"permit\": {}}", "{\"permit\": {\"workers\": 3}}", "[]",
    "{\"permit\": {\"workers\": [\"a\"]}, \"nkeySeed\": \"SUAsecret\"}"})
  void refusesAFileThatIsNoneOfCredentialsWithoutAWordOfIt(String text) throws Exception {
    Path file = Files.writeString(folder.resolve("credentials.json"), text);
    String words = refused(builder().credentialsFile(file));
    assertTrue(words.contains("is not what agentspan worker credentials makes"), words);
    assertFalse(words.contains("SUA"), words);
    assertTrue(refused(builder().credentialsFile(folder.resolve("none.json"))).contains("cannot be read"));
  }

  @Test
  void saysThatNobodyIsThereAndEnds() throws Exception {
    Worker worker = builder().natsUrl("nats://127.0.0.1:1").patience(Duration.ofMillis(50)).build();
    assertEquals("BUS_UNAVAILABLE", assertThrows(AgentspanException.class, worker::start).reason());
    assertEquals("INVALID_REQUEST", assertThrows(AgentspanException.class, worker::start).reason());
    try (FakeNats nats = new FakeNats("", null)) {
      Worker unanswered = builder().natsUrl(nats.url()).patience(Duration.ofMillis(50)).build();
      AgentspanException error = assertThrows(AgentspanException.class, unanswered::start);
      assertTrue(error.getMessage().contains("no Agentspan server listens there"), error.getMessage());
    }
  }

  @Test
  void leavesOffWaitingForAServerWhenItIsClosed() throws Exception {
    Worker worker = builder().natsUrl("nats://127.0.0.1:1").build();
    CompletableFuture<Void> running = CompletableFuture.runAsync(worker::run);
    worker.close();
    running.exceptionally(error -> null).get(20, TimeUnit.SECONDS);
    try (FakeNats nats = new FakeNats("", null)) {
      Worker unregistered = builder().natsUrl(nats.url()).build();
      CompletableFuture<Void> waiting = CompletableFuture.runAsync(unregistered::run);
      nats.until(() -> !nats.talks.isEmpty()
          && nats.talks.get(0).lines().stream().anyMatch(line -> line.startsWith("PUB agentspan.worker.")));
      unregistered.close();
      waiting.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void givesAFunctionACallThatTestsCanMake() throws Exception {
    Cancellation cancellation = new Cancellation();
    ToolCall call = new ToolCall(
        "run_1", "t1c1", 1, "key", java.util.Optional.empty(), cancellation, java.util.Optional.empty());
    assertEquals("false", call.isCancelled() + call.approvalId() + call.decisionId());
    CompletableFuture<String> told = cancellation.future();
    cancellation.cancel("because");
    cancellation.cancel("for another reason");
    assertEquals("because", told.get(20, TimeUnit.SECONDS));
    assertTrue(call.isCancelled() && cancellation.await(Duration.ZERO));
    assertEquals("because".getBytes(StandardCharsets.UTF_8).length, cancellation.reason().length());
  }
}
