package dev.agentspan.signing;

import static dev.agentspan.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.agentspan.Vectors;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

class ReceiptTest {
  private static final JsonNode FILE = Vectors.file("receipts");
  private static final TrustedKeys TRUSTED = TrustedKeys.of(text(FILE, "trustedKeys"));
  private static final String GOOD = text(FILE.get("vectors").get(0), "text");

  @TestFactory
  Stream<DynamicTest> saysOfEachVectorWhetherItHolds() {
    return Vectors.each(FILE.get("vectors"), vector -> {
      String fault = text(vector, "fault");
      Optional<Receipt> read = Receipt.read(text(vector, "text"));
      assertEquals(fault.equals("no receipt"), read.isEmpty());
      if (read.isPresent()) {
        List<String> faults = read.get().faults(TRUSTED);
        assertTrue(fault.isEmpty() ? faults.isEmpty() : faults.stream().anyMatch(one -> one.contains(fault)),
            faults.toString());
      }
    });
  }

  @Test
  void findsEachByteThatIsAnother() {
    byte[] bytes = GOOD.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i += 7) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      Optional<Receipt> read = Receipt.read(new String(changed, java.nio.charset.StandardCharsets.UTF_8));
      assertTrue(read.isEmpty() || !read.get().faults(TRUSTED).isEmpty(), "the byte at " + i);
    }
  }

  @Test
  void believesNobodyElse() {
    TrustedKeys nobody = TrustedKeys.of("{\"gateways\": [], \"orchestrators\": []}");
    List<String> faults = Receipt.read(GOOD).orElseThrow().faults(nobody);
    assertEquals(3, faults.size());
    assertTrue(faults.get(0).contains("no trusted key of an orchestrator"), faults.toString());
  }

  @Test
  void readsNothingElse() {
    for (String other : List.of("", "no receipt", "[]", "{}", GOOD.strip(), GOOD + "\n", GOOD.replace("\n", ""))) {
      assertEquals(Optional.empty(), Receipt.read(other));
    }
  }
}
