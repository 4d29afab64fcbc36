package dev.agentspan.worker;

import static dev.agentspan.worker.Bench.ACCEPTED;
import static dev.agentspan.worker.Bench.RELEASED;
import static dev.agentspan.worker.Bench.grant;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.agentspan.AgentspanException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What whoever runs a worker reads of what goes wrong. */
class LogsTest {
  record Refund(@JsonProperty("order_id") String orderId, BigDecimal amount) {}

  private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
  private final PrintStream before = System.err;

  LogsTest() {
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void giveBack() {
    System.setErr(before);
  }

  private String logged() {
    return logged.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "{\"amount\":\"secret\",\"order_id\":\"secret\"} | [/amount]",
    "{\"amount\":1} | [/order_id]",
    "{\"amount\":1,\"order_id\":\"secret\",\"other\":\"secret\"} | [/other]"
  })
  void saysWhichArgumentsDoNotFitAndNoValue(String arguments, String places) {
    Tool<Refund> tool = Tool.of("process_refund", Refund.class, (refund, call) -> refund);
    try (Bench bench = new Bench(tool)) {
      bench.link
          .answers(Verb.CLAIM, grant("process_refund", arguments, true, grant -> {}))
          .answers(Verb.RELEASE, RELEASED);
      bench.run().released();
      assertTrue(logged().contains("WARN") && logged().contains("at=" + places), logged());
      assertFalse(logged().contains("secret"), logged());
    }
  }

  @Test
  void saysThatAResultWasNotTold() {
    Tool<Refund> tool = Tool.of("process_refund", Refund.class, (refund, call) -> Map.of("rate", Double.NaN));
    try (Bench bench = new Bench(tool)) {
      bench.link
          .answers(Verb.CLAIM, grant("process_refund", "{\"amount\":1,\"order_id\":\"a\"}", true, grant -> {}))
          .answers(Verb.COMPLETE, ACCEPTED);
      bench.run().completed();
      assertTrue(logged().contains("its result cannot be written as JSON: /rate: NaN is a number"), logged());
    }
  }

  @Test
  void saysOnceThatNatsIsNotThere() {
    assertSaysOnce("nats://127.0.0.1:1", "is AGENTSPAN_NATS_URL its address?");
  }

  @Test
  void saysOnceHowToGetALogin() throws Exception {
    try (FakeNats server = new FakeNats("", null)) {
      server.refuses = true;
      assertSaysOnce(server.url(), "agentspan worker credentials");
    }
  }

  private void assertSaysOnce(String url, String remedy) {
    NatsOptions options =
        new NatsOptions("worker-1", NatsAddress.of(url, "natsUrl"), url, null, null, Duration.ofSeconds(1));
    Duration severalTries = Duration.ofSeconds(3);
    AgentspanException told =
        assertThrows(AgentspanException.class, () -> NatsLink.open(options, severalTries, new Signal()));
    assertTrue(told.getMessage().contains(remedy), told.getMessage());
    String[] lines = logged().split("\n");
    assertEquals(1, lines.length, logged());
    assertTrue(lines[0].contains("Cannot reach NATS yet") && lines[0].contains(remedy), logged());
  }
}
