package dev.agentspan.worker;

import static dev.agentspan.worker.Bench.ACCEPTED;
import static dev.agentspan.worker.Bench.grant;
import static dev.agentspan.worker.Bench.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.agentspan.v1.ClaimRequest;
import dev.agentspan.v1.ClaimResponse;
import dev.agentspan.v1.PreviewAnswer;
import dev.agentspan.v1.PreviewTask;
import dev.agentspan.v1.ProbeVerdict;
import dev.agentspan.v1.RefusalReason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Probes and previews, from the refusal that asks for them to the answered answer. */
class LooksTest {
  record Payment(double amount) {}

  private static final String ARGUMENTS = "{\"amount\":1}";

  private static ToolBuilder<Payment> pay() {
    return Tool.builder("pay", Payment.class, (input, call) -> {
      throw new AssertionError("It is only looked at.");
    });
  }

  private static ClaimResponse probeGrant() {
    return grant("pay", ARGUMENTS, false, granted -> granted.setProbe(true));
  }

  private static ClaimResponse previewGrant(Duration left) {
    PreviewTask.Builder task = PreviewTask.newBuilder().setNumber(7).setTimeLeft(Times.toProto(left));
    return grant("pay", ARGUMENTS, false, granted -> granted.setPreview(task).setIdempotencyKey(""));
  }

  private static PreviewAnswer previewed(Tool<?> tool, Duration left) {
    try (Bench bench = new Bench(tool)) {
      bench.link
          .answers(Verb.CLAIM, refusal(RefusalReason.REFUSAL_REASON_PREVIEW))
          .answers(Verb.CLAIM, previewGrant(left))
          .answers(Verb.COMPLETE, ACCEPTED);
      PreviewAnswer answer = bench.run().completed().getPreviewAnswer();
      assertEquals(7, answer.getNumber());
      assertEquals(List.of("+ACK"), bench.link.told());
      return answer;
    }
  }

  @Test
  void asksTheProbeWhereNobodyKnows() {
    Map<ProbeAnswer, ProbeVerdict> answers = Map.of(
        ProbeAnswer.happened(Map.of("paid", 1), "seen"), ProbeVerdict.PROBE_VERDICT_HAPPENED,
        ProbeAnswer.didNotHappen("not seen"), ProbeVerdict.PROBE_VERDICT_DID_NOT_HAPPEN,
        ProbeAnswer.unknown(""), ProbeVerdict.PROBE_VERDICT_UNKNOWN);
    answers.forEach((said, verdict) -> {
      try (Bench bench = new Bench(pay().once().probe((input, call) -> said).build())) {
        bench.link
            .answers(Verb.CLAIM, refusal(RefusalReason.REFUSAL_REASON_PROBE))
            .answers(Verb.CLAIM, probeGrant())
            .answers(Verb.COMPLETE, ACCEPTED);
        var told = bench.run().completed().getProbeAnswer();
        assertEquals(List.of(false, true), bench.link.requests(Verb.CLAIM, ClaimRequest.class).stream()
            .map(ClaimRequest::getProbe)
            .toList());
        assertEquals(verdict, told.getVerdict());
        assertEquals(said.detail(), told.getDetail());
        assertEquals(verdict == ProbeVerdict.PROBE_VERDICT_HAPPENED ? "{\"paid\":1}" : "", told.getResultJson());
        assertEquals(List.of("+ACK"), bench.link.told());
      }
    });
  }

  @Test
  void takesNoUnclearAnswerOfAProbeForOne() {
    assertThrows(IllegalStateException.class, () -> ProbeRun.answered(null, 1024));
    Object itself = OutcomeTest.itself();
    assertThrows(Outcome.NoResultException.class, () -> ProbeRun.answered(ProbeAnswer.happened(itself, ""), 1024));
    try (Bench bench = new Bench(pay().once().probe((input, call) -> {
      throw new IllegalStateException("blind");
    }).build())) {
      bench.link.answers(Verb.CLAIM, refusal(RefusalReason.REFUSAL_REASON_PROBE)).answers(Verb.CLAIM, probeGrant());
      bench.run();
      assertEquals(List.of("+ACK"), bench.link.told());
      assertEquals(2, bench.link.asked().size());
    }
  }

  @Test
  void putsTheHintBackWhereTheToolBringsNoProbe() {
    try (Bench bench = new Bench(pay().once().build())) {
      bench.link.answers(Verb.CLAIM, refusal(RefusalReason.REFUSAL_REASON_PROBE));
      bench.run();
      assertEquals(List.of("-NAK {\"delay\": 1000000000}"), bench.link.told());
    }
  }

  @Test
  void showsWhatAPreviewSaw() {
    Tool<Payment> tool =
        pay().approvalRequired().preview((input, call) -> Map.of("after", input.amount())).build();
    assertEquals("{\"after\":1.0}", previewed(tool, Duration.ofSeconds(10)).getContentJson());
  }

  @Test
  void saysWhyAPreviewCouldNotLook() {
    Tool<Payment> blind = pay().approvalRequired().preview((input, call) -> {
      throw new java.io.IOException("the account is closed");
    }).build();
    assertEquals("the account is closed", previewed(blind, Duration.ofSeconds(10)).getFailure());
    String none = previewed(pay().approvalRequired().build(), Duration.ofSeconds(10)).getFailure();
    assertTrue(none.contains("brings no preview"), none);
  }

  @Test
  void waitsForAPreviewNoLongerThanItIsAllowed() {
    Tool<Payment> slow = pay().approvalRequired().preview((input, call) -> {
      call.cancellation().await(Duration.ofMinutes(1));
      return "too late";
    }).build();
    String failure = previewed(slow, Duration.ofMillis(20)).getFailure();
    assertTrue(failure.contains("It took longer than 20 ms"), failure);
  }

  @Test
  void showsNothingThatWouldBeSomethingElse() {
    double[] infinite = {1, Double.POSITIVE_INFINITY};
    for (Object seen : List.of(Double.NaN, infinite, OutcomeTest.itself(), "x".repeat(65 * 1024))) {
      assertThrows(IllegalStateException.class, () -> PreviewRun.contentOf(seen));
    }
    assertThrows(IllegalStateException.class, () -> PreviewRun.contentOf(null));
  }
}
