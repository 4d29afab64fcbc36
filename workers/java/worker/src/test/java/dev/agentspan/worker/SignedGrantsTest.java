package dev.agentspan.worker;

import static dev.agentspan.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.agentspan.Vectors;
import dev.agentspan.internal.Ed25519;
import dev.agentspan.signing.SignaturesTest;
import dev.agentspan.v1.ClaimResponse;
import dev.agentspan.v1.Proof;
import dev.agentspan.v1.ReleaseReason;
import dev.agentspan.v1.ReleaseRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** What a worker believes that has the orchestrators' keys. */
class SignedGrantsTest {
  private static final JsonNode FILE = Vectors.file("signatures");
  private static final List<JsonNode> GRANTS = FILE.get("vectors").valueStream()
      .filter(vector -> text(vector, "purpose").equals("agentspan.grant.v1"))
      .toList();

  private static ByteString signatureOf(JsonNode vector) {
    return ByteString.copyFrom(Base64.getUrlDecoder().decode(text(vector, "signature")));
  }

  /** A task for which a vector's grant was signed. */
  private static Bench bench(JsonNode vector, Consumer<Proof.Builder> changes) {
    JsonNode said = vector.get("statement");
    var tool = Tool.builder("process_refund", TaskRunTest.Refund.class, (input, call) -> Map.of());
    Bench bench = new Bench((said.get("guarded").booleanValue() ? tool.approvalRequired() : tool).build())
        .trusting(SignaturesTest.trusted(Map.of()))
        .of(text(said, "run"), text(said, "call"));
    ClaimResponse granted = Bench.grant("process_refund", TaskRunTest.REFUND, true, grant -> {
      grant.setIdempotencyKey(text(said, "idempotencyKey")).setGuarded(said.get("guarded").booleanValue());
      Proof.Builder proof = grant.getProofBuilder()
          .setRunId(text(said, "run"))
          .setCallId(text(said, "call"))
          .setWorkerId(text(said, "worker"))
          .setApprovalId(text(said, "approval"))
          .setDecisionId(text(said, "decision"))
          .setCheckedPreview(said.path("preview").asString(""))
          .setGrantedAt(Times.toProto(Instant.ofEpochMilli(said.get("grantedAt").longValue())))
          .setExpiresAt(Times.toProto(Instant.ofEpochMilli(said.get("expiresAt").longValue())))
          .setKeyId(text(vector, "keyId"))
          .setSignature(signatureOf(vector));
      changes.accept(proof);
    });
    bench.link
        .answers(Verb.CLAIM, granted)
        .answers(Verb.COMPLETE, Bench.ACCEPTED)
        .answers(Verb.RELEASE, Bench.RELEASED);
    return bench;
  }

  private static void assertUnproved(Bench bench, String words) {
    try (bench) {
      ReleaseRequest released = bench.run().released();
      assertEquals(ReleaseReason.RELEASE_REASON_NO_PROOF, released.getReason());
      assertTrue(released.getDetail().contains(words), released.getDetail());
    }
  }

  @TestFactory
  Stream<DynamicTest> believesTheGrantsOfTheVectors() {
    return GRANTS.stream().map(vector -> DynamicTest.dynamicTest(text(vector, "name"), () -> {
      try (Bench bench = bench(vector, proof -> {})) {
        assertEquals("{}", bench.run().completed().getResultJson());
      }
    }));
  }

  @TestFactory
  Stream<DynamicTest> beginsNoGrantWithASignatureThatMustBeRefused() {
    Set<String> honest =
        FILE.get("vectors").valueStream().map(one -> text(one, "signature")).collect(Collectors.toSet());
    // The others have a true signature of another text, which SignaturesTest refuses.
    return FILE.get("refused").valueStream()
        .filter(vector -> !honest.contains(text(vector, "signature")))
        .map(vector -> DynamicTest.dynamicTest(text(vector, "name"), () -> assertUnproved(
            bench(GRANTS.get(0), proof -> proof.setKeyId(text(vector, "keyId")).setSignature(signatureOf(vector))),
            "the grant is not believed")));
  }

  @TestFactory
  Stream<DynamicTest> beginsNoGrantOfWhichSomethingWasChangedAfterItWasSigned() {
    Map<String, Consumer<Proof.Builder>> changes = new LinkedHashMap<>();
    changes.put("the decision", proof -> proof.setDecisionId("dec_other"));
    changes.put("the approval", proof -> proof.setApprovalId("apr_other"));
    changes.put("the preview", proof -> proof.setCheckedPreview("sha256:0"));
    changes.put("its end", proof -> proof.setExpiresAt(Times.toProto(Instant.ofEpochMilli(Bench.GRANTED_MS + 29_000))));
    return changes.entrySet().stream().map(change -> DynamicTest.dynamicTest(
        change.getKey(), () -> assertUnproved(bench(GRANTS.get(0), change.getValue()), "is not of what it says")));
  }

  @Test
  void believesNoGrantOfAnotherTime() {
    for (long seconds : List.of(31L, -31L)) {
      Bench bench = bench(GRANTS.get(0), proof -> {});
      bench.move(0, seconds * 1_000);
      assertUnproved(bench, "by this machine's clock");
    }
    assertUnproved(bench(GRANTS.get(0), proof -> proof.clearExpiresAt()), "is not signed");
  }

  @Test
  void believesNoGrantThatHoldsForLong() throws Exception {
    JsonNode vector = GRANTS.get(0);
    JsonNode orchestrator = FILE.get("keys").get("orchestrator");
    long until = vector.get("statement").get("expiresAt").longValue() + 1_000;
    String text = text(vector, "text").replaceFirst("\"expiresAt\":\\d+", "\"expiresAt\":" + until);
    byte[] pem = Base64.getMimeDecoder().decode(text(orchestrator, "privatePem").replaceAll("-----[A-Z ]+-----", ""));
    byte[] seed = Arrays.copyOfRange(pem, pem.length - 32, pem.length);
    byte[] signed = Ed25519.sign(Ed25519.privateKey(seed), text.getBytes(StandardCharsets.UTF_8));
    assertUnproved(
        bench(vector, proof -> proof
            .setExpiresAt(Times.toProto(Instant.ofEpochMilli(until)))
            .setSignature(ByteString.copyFrom(signed))),
        "holds for more than 30000 ms");
  }

  @Test
  void believesNoUnsignedGrantOfAPlainToolEither() {
    Bench bench = new Bench(Tool.of("get_order", TaskRunTest.Lookup.class, (input, call) -> input))
        .trusting(SignaturesTest.trusted(Map.of()));
    bench.link
        .answers(Verb.CLAIM, Bench.grant("get_order", TaskRunTest.ORDER, false, grant -> {}))
        .answers(Verb.RELEASE, Bench.RELEASED);
    assertUnproved(bench, "only signed ones count here");
  }
}
