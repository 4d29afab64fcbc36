package dev.agentspan.worker;

import static dev.agentspan.worker.Bench.ACCEPTED;
import static dev.agentspan.worker.Bench.RELEASED;
import static dev.agentspan.worker.Bench.error;
import static dev.agentspan.worker.Bench.grant;
import static dev.agentspan.worker.Bench.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.protobuf.Duration;
import dev.agentspan.v1.ClaimRequest;
import dev.agentspan.v1.ClaimResponse;
import dev.agentspan.v1.CompleteRequest;
import dev.agentspan.v1.CompleteResponse;
import dev.agentspan.v1.CompletionStatus;
import dev.agentspan.v1.Grant;
import dev.agentspan.v1.RefusalReason;
import dev.agentspan.v1.ReleaseReason;
import dev.agentspan.v1.WorkerError;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TaskRunTest {
  record Refund(@JsonProperty("order_id") String orderId, BigDecimal amount) {}

  record Lookup(@JsonProperty("order_id") String orderId) {}

  static final String REFUND = "{\"amount\":29.99,\"order_id\":\"ORD-8821\"}";
  static final String ORDER = "{\"order_id\":\"a\"}";
  private static final Consumer<Grant.Builder> AS_IT_IS = grant -> {};

  private final List<String> calls = new ArrayList<>();
  private final Tool<Refund> processRefund =
      Tool.builder("process_refund", Refund.class, this::refund).approvalRequired().build();
  private final Tool<Lookup> getOrder = Tool.of("get_order", Lookup.class, (input, call) -> switch (input.orderId()) {
    case "final" -> throw new TerminalException("no such order");
    case "again" -> throw new java.io.IOException("closed");
    case "empty" -> throw new IllegalStateException();
    default -> input;
  });

  private Object refund(Refund input, ToolCall call) {
    calls.add(input.orderId() + " " + input.amount() + " " + call.idempotencyKey() + " " + call.approvalId());
    return Map.of("refunded", input.amount());
  }

  private static ClaimResponse granted() {
    return grant("process_refund", REFUND, true, AS_IT_IS);
  }

  @Test
  void claimsAcknowledgesRunsAndCompletes() {
    try (Bench bench = new Bench(processRefund)) {
      bench.link.answers(Verb.CLAIM, granted()).answers(Verb.COMPLETE, ACCEPTED);
      bench.run();
      assertEquals(List.of("ORD-8821 29.99 run_1-t1c1 apr_1"), calls);
      assertEquals(List.of("+ACK"), bench.link.told());
      assertEquals(
          List.of("claim orc_1", "complete orc_2"),
          bench.link.asked().stream().map(asked -> asked.verb() + " " + asked.orchestratorId()).toList());
      ClaimRequest claimed = bench.link.requests(Verb.CLAIM, ClaimRequest.class).get(0);
      assertEquals("worker-1 inc_1 default",
          claimed.getWorkerId() + " " + claimed.getIncarnation() + " " + claimed.getNamespace());
      assertEquals(claimed.getNonce(), bench.completed().getNonce());
      assertEquals("{\"refunded\":29.99}", bench.completed().getResultJson());
      assertTrue(bench.completed().getArgumentsDigest().startsWith("sha256:7589769f"));
    }
  }

  @Test
  void repeatsWhatIsNotAnsweredAsItWas() {
    WorkerError later = error("STORE_UNAVAILABLE").toBuilder()
        .setRetryAfter(Duration.newBuilder().setNanos(1_000_000))
        .build();
    try (Bench bench = new Bench(processRefund)) {
      bench.link
          .answers(Verb.CLAIM, null)
          .answers(Verb.CLAIM, ClaimResponse.newBuilder().setError(later).build())
          .answers(Verb.CLAIM, granted())
          .answers(Verb.COMPLETE, null)
          .answers(Verb.COMPLETE, null)
          .answers(Verb.COMPLETE, ACCEPTED);
      bench.run();
      assertEquals(1, calls.size());
      assertEquals(List.of("+WPI", "+WPI", "+ACK"), bench.link.told());
      // The one that knows the run first, then any.
      assertEquals(List.of("orc_2", "", ""), bench.link.asked().stream()
          .filter(asked -> asked.verb().equals("complete"))
          .map(FakeLink.Asked::orchestratorId)
          .toList());
      assertEquals(1, bench.link.requests(Verb.CLAIM, ClaimRequest.class).stream().distinct().count());
      assertEquals(1, bench.link.requests(Verb.COMPLETE, CompleteRequest.class).stream().distinct().count());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REFUSAL_REASON_UNSPECIFIED", "REFUSAL_REASON_TAKEN", "REFUSAL_REASON_ENDED",
    "REFUSAL_REASON_CANCELLED", "REFUSAL_REASON_PAUSED", "REFUSAL_REASON_GATED", "REFUSAL_REASON_NOT_FOUND"})
  void acknowledgesARefusalAndDoesNothing(RefusalReason reason) {
    try (Bench bench = new Bench(processRefund)) {
      bench.link.answers(Verb.CLAIM, refusal(reason));
      bench.run();
      assertEquals(List.of("+ACK"), bench.link.told());
      assertEquals(List.of(), calls);
    }
  }

  @Test
  void registersAgainAndPutsTheHintBackWhereTheServerDoesNotKnowIt() {
    try (Bench bench = new Bench(processRefund)) {
      bench.link.answers(Verb.CLAIM, ClaimResponse.newBuilder().setError(error("PERMISSION_DENIED")).build());
      bench.run();
      assertEquals(List.of("soon"), bench.registered);
      assertEquals(List.of("-NAK {\"delay\": 1000000000}"), bench.link.told());
    }
  }

  @Test
  void tellsAnOutcomeAgainAfterItHasRegistered() {
    try (Bench bench = new Bench(processRefund)) {
      bench.link
          .answers(Verb.CLAIM, granted())
          .answers(Verb.COMPLETE, CompleteResponse.newBuilder().setError(error("PERMISSION_DENIED")).build())
          .answers(Verb.COMPLETE, ACCEPTED);
      bench.run();
      assertEquals(List.of("now"), bench.registered);
      assertEquals(1, calls.size());
    }
  }

  @Test
  void handsBackAClaimThatWasRefusedAfterItWasRepeated() {
    try (Bench bench = new Bench(processRefund)) {
      bench.link
          .answers(Verb.CLAIM, null)
          .answers(Verb.CLAIM, ClaimResponse.newBuilder().setError(error("INTERNAL")).build())
          .answers(Verb.RELEASE, RELEASED);
      assertEquals(ReleaseReason.RELEASE_REASON_TOO_LATE, bench.run().released().getReason());
      assertEquals("+ACK", bench.link.told().get(bench.link.told().size() - 1));
    }
  }

  @TestFactory
  Stream<DynamicTest> handsBackWhatIsNotProved() {
    Map<String, Consumer<Grant.Builder>> changes = new LinkedHashMap<>();
    String others = "{\"amount\":1,\"order_id\":\"ORD-8821\"}";
    changes.put("are not those of the digest", grant -> grant.setArgumentsJson(others));
    changes.put("needs an approval", grant -> grant.getProofBuilder().setApprovalId(""));
    changes.put("another nonce", grant -> grant.getProofBuilder().setNonce("another"));
    changes.put("another run", grant -> grant.getProofBuilder().setRunId("run_2"));
    changes.put("another call", grant -> grant.getProofBuilder().setCallId("t2c1"));
    changes.put("another attempt", grant -> grant.getProofBuilder().setAttempt(2));
    changes.put("another worker", grant -> grant.getProofBuilder().setWorkerId("worker-2"));
    changes.put("another digest", grant -> grant.getProofBuilder().setArgumentsDigest("sha256:0"));
    changes.put("is guarded and the grant has no proof", grant -> grant.setGuarded(false).clearProof());
    changes.put("served here is \"process_refund\"", grant -> grant.setToolName("get_order"));
    return changes.entrySet().stream().map(change -> DynamicTest.dynamicTest(change.getKey(), () -> {
      try (Bench bench = new Bench(processRefund)) {
        bench.link
            .answers(Verb.CLAIM, grant("process_refund", REFUND, true, change.getValue()))
            .answers(Verb.RELEASE, RELEASED);
        String detail = bench.run().released().getDetail();
        assertTrue(detail.contains(change.getKey()), detail);
        assertEquals(
            change.getKey().startsWith("served")
                ? ReleaseReason.RELEASE_REASON_INCOMPATIBLE
                : ReleaseReason.RELEASE_REASON_NO_PROOF,
            bench.released().getReason());
        assertEquals(List.of(), calls);
        assertEquals(List.of("+ACK"), bench.link.told());
      }
    }));
  }

  @Test
  void handsBackArgumentsThatItsOwnSchemaRefuses() {
    try (Bench bench = new Bench(processRefund)) {
      bench.link
          .answers(Verb.CLAIM, grant("process_refund", "{\"amount\":\"1\",\"order_id\":\"a\"}", true, AS_IT_IS))
          .answers(Verb.RELEASE, RELEASED);
      assertEquals(ReleaseReason.RELEASE_REASON_INCOMPATIBLE, bench.run().released().getReason());
      assertTrue(bench.released().getDetail().contains("/amount"), bench.released().getDetail());
    }
  }

  @ParameterizedTest
  @CsvSource({"3500, 0", "0, 3500", "0, -3500"})
  void beginsNoGuardedCallLateByEitherClock(long monotonic, long wall) {
    try (Bench bench = new Bench(processRefund)) {
      bench.link.answersLate(Verb.CLAIM, () -> {
        bench.move(monotonic, wall);
        return granted();
      });
      bench.link.answers(Verb.RELEASE, RELEASED);
      assertEquals(ReleaseReason.RELEASE_REASON_TOO_LATE, bench.run().released().getReason());
      assertEquals(List.of(), calls);
    }
  }

  @Test
  void beginsAPlainCallLate() {
    try (Bench bench = new Bench(getOrder)) {
      bench.link.answersLate(Verb.CLAIM, () -> {
        bench.move(60_000, 60_000);
        return grant("get_order", ORDER, false, AS_IT_IS);
      });
      bench.link.answers(Verb.COMPLETE, ACCEPTED);
      assertEquals(ORDER, bench.run().completed().getResultJson());
    }
  }

  @Test
  void beginsNothingOnceItStopsOrWasToldTo() {
    for (boolean stops : List.of(true, false)) {
      try (Bench bench = new Bench(processRefund)) {
        bench.link.answers(Verb.CLAIM, granted()).answers(Verb.RELEASE, RELEASED);
        if (stops) {
          bench.draining.set();
        } else {
          bench.task().cancellation().cancel("told to");
        }
        assertEquals(
            stops ? ReleaseReason.RELEASE_REASON_SHUTTING_DOWN : ReleaseReason.RELEASE_REASON_TOO_LATE,
            bench.run().released().getReason());
        assertEquals(List.of(), calls);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"again, true, closed", "final, false, no such order", "empty, true, IllegalStateException"})
  void reportsWhatAToolThrew(String order, boolean retryable, String words) {
    try (Bench bench = new Bench(getOrder)) {
      bench.link
          .answers(Verb.CLAIM, grant("get_order", "{\"order_id\":\"" + order + "\"}", false, AS_IT_IS))
          .answers(Verb.COMPLETE, ACCEPTED);
      assertEquals(words, bench.run().completed().getFailure().getMessage());
      assertEquals(retryable, bench.completed().getFailure().getRetryable());
    }
  }

  @Test
  void tellsAnOutcomeNoMoreOnceItIsAnswered() {
    for (CompleteResponse answer : List.of(
        CompleteResponse.newBuilder().setStatus(CompletionStatus.COMPLETION_STATUS_STALE).build(),
        CompleteResponse.newBuilder().setStatus(CompletionStatus.COMPLETION_STATUS_LATE).build(),
        CompleteResponse.newBuilder().setStatusValue(99).build(),
        CompleteResponse.newBuilder().setError(error("INTERNAL")).build())) {
      try (Bench bench = new Bench(processRefund)) {
        bench.link.answers(Verb.CLAIM, granted()).answers(Verb.COMPLETE, answer);
        assertEquals(Bench.NONCE, bench.run().completed().getNonce());
      }
    }
  }

  @Test
  void leavesOffWhereTheWorkerHasEnded() {
    try (Bench bench = new Bench(processRefund)) {
      bench.ended.set();
      assertThrows(WorkerEndedException.class, bench::run);
      assertEquals(List.of(), bench.link.told());
    }
  }
}
