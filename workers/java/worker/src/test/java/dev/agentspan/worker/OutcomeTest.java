package dev.agentspan.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.agentspan.internal.Json;
import dev.agentspan.v1.CompleteRequest;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OutcomeTest {
  record Refunded(String id, BigDecimal amount, LocalDate day, Optional<String> note) {}

  private static final long MAX_PAYLOAD = 1024 * 1024;

  private static CompleteRequest told(Object value, boolean guarded) {
    CompleteRequest.Builder request = CompleteRequest.newBuilder();
    Outcome.returned(value, guarded, MAX_PAYLOAD, null).into().accept(request);
    return request.build();
  }

  @Test
  void writesWhatAToolReturned() {
    Refunded refunded = new Refunded("é😀", new BigDecimal("29.90"), LocalDate.of(2026, 12, 1), Optional.empty());
    assertEquals(
        "{\"id\":\"é😀\",\"amount\":29.90,\"day\":\"2026-12-01\",\"note\":null}", told(refunded, true).getResultJson());
    assertEquals("null", told(null, false).getResultJson());
    Map<String, Object> odd = new LinkedHashMap<>();
    odd.put("__proto__", new BigDecimal("1E+21"));
    odd.put("", Arrays.asList(9007199254740994L, 5e-324, null));
    odd.put("rates", new double[] {0.5, 1});
    assertEquals(
        "{\"__proto__\":1E+21,\"\":[9007199254740994,4.9E-324,null],\"rates\":[0.5,1.0]}",
        told(odd, false).getResultJson());
  }

  @Test
  void failsWhereNullWouldStandForANumberAndAnEmptyObjectForNothingKnown() {
    String words = "The tool returned, but its result cannot be written as JSON: ";
    for (Object odd : List.of(Double.NaN, Float.NEGATIVE_INFINITY, new double[] {0.5, Double.NaN}, new Object())) {
      String told = told(Map.of("rate", odd), false).getFailure().getMessage();
      assertTrue(told.startsWith(words), told);
    }
    assertEquals(words + "NaN is a number that JSON does not have", told(Double.NaN, false).getFailure().getMessage());
  }

  @Test
  void escapesHalfACharacter() {
    assertEquals("\"a\\uD83D\"", told("a\uD83D", false).getResultJson());
  }

  /** It has no end. */
  static Object itself() {
    Map<String, Object> itself = new LinkedHashMap<>();
    itself.put("itself", itself);
    return itself;
  }

  @Test
  void failsWhereNoJsonCanBeWritten() {
    assertFalse(told(itself(), false).getFailure().getRetryable());
    assertTrue(told(itself(), false).getFailure().getMessage().startsWith("The tool returned, but"));
    assertTrue(told(itself(), true).getFailure().getMessage().startsWith("The tool ran to its end, but"));
  }

  @Test
  void refusesAPlainResultThatIsTooLargeAndTellsAGuardedOneAsFarAsItGoes() {
    String large = "x".repeat(256 * 1024);
    String message = told(large, false).getFailure().getMessage();
    assertTrue(message.contains("262146") && message.contains("262144"), message);
    assertEquals(262_146, told(large, true).getResultJson().length());
    var kept = Json.tree(told("é".repeat(1024 * 1024), true).getResultJson());
    assertTrue(kept.get("truncated").booleanValue());
    assertEquals(2 * 1024 * 1024 + 2, kept.get("sizeBytes").intValue());
    assertTrue(kept.get("digest").stringValue().startsWith("sha256:"));
    assertEquals("\"" + "é".repeat(2047), kept.get("head").stringValue());
  }

  @Test
  void cutsWordsAtAWholeCharacter() {
    assertEquals("aé", Limits.cut("aé😀", 6));
    assertEquals("aé😀", Limits.cut("aé😀", 7));
  }
}
