package dev.agentspan.signing;

import static dev.agentspan.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.agentspan.AgentspanException;
import dev.agentspan.Vectors;
import dev.agentspan.internal.Json;
import dev.agentspan.signing.TrustedKeys.Signer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

public class SignaturesTest {
  private static final JsonNode FILE = Vectors.file("signatures");

  /** The list of the vectors' keys, with something more said of the orchestrator's. */
  public static String trusted(Map<String, ?> more) {
    Map<String, Object> lists = new LinkedHashMap<>();
    for (Signer signer : Signer.values()) {
      String name = signer.name().toLowerCase(Locale.ROOT);
      JsonNode key = FILE.get("keys").get(name.substring(0, name.length() - 1));
      Map<String, Object> entry = new LinkedHashMap<>(Map.of("id", text(key, "id"), "public", text(key, "public")));
      if (signer == Signer.ORCHESTRATORS) {
        entry.putAll(more);
      }
      lists.put(name, List.of(entry));
    }
    return Json.write(lists);
  }

  private static Signer signerOf(JsonNode vector) {
    return Signer.valueOf(text(vector, "signer").toUpperCase(Locale.ROOT) + "S");
  }

  private static long atOf(JsonNode statement) {
    return statement.path("at").asLong(statement.path("grantedAt").asLong(0));
  }

  /** As a statement has them. */
  static Object value(JsonNode node) {
    if (node.isObject()) {
      Map<String, Object> members = new LinkedHashMap<>();
      node.properties().forEach(member -> members.put(member.getKey(), value(member.getValue())));
      return members;
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      node.forEach(member -> list.add(value(member)));
      return list;
    }
    return node.isString() ? node.stringValue() : node.isBoolean() ? (Object) node.booleanValue() : node.longValue();
  }

  private static byte[] signature(JsonNode vector) {
    return Base64Url.readOrNull(text(vector, "signature"));
  }

  @TestFactory
  @SuppressWarnings("unchecked")
  Stream<DynamicTest> believesWhatEachVectorSaysWasSigned() {
    return Vectors.each(FILE.get("vectors"), vector -> {
      String signed = SignedText.of(text(vector, "purpose"), (Map<String, ?>) value(vector.get("statement")));
      assertEquals(text(vector, "text"), signed);
      assertEquals(text(vector, "utf8"), HexFormat.of().formatHex(signed.getBytes(StandardCharsets.UTF_8)));
      Optional<String> problem = TrustedKeys.of(trusted(Map.of())).problem(
          signerOf(vector), signed, text(vector, "keyId"), signature(vector), atOf(vector.get("statement")));
      assertEquals(Optional.empty(), problem);
    });
  }

  @TestFactory
  Stream<DynamicTest> refusesWhatEachVectorSaysIsNoGrant() {
    JsonNode first = FILE.get("vectors").valueStream()
        .filter(vector -> text(vector, "purpose").equals("agentspan.grant.v1"))
        .findFirst()
        .orElseThrow();
    return Vectors.each(FILE.get("refused"), vector -> {
      Optional<String> problem = TrustedKeys.of(trusted(Map.of())).problem(
          Signer.ORCHESTRATORS, text(vector, "text"), text(vector, "keyId"), signature(vector),
          atOf(first.get("statement")));
      assertTrue(problem.isPresent());
    });
  }

  @Test
  void believesARetiredKeyForWhatItSignedBefore() {
    TrustedKeys trusted = TrustedKeys.of(trusted(Map.of("retired_at", "2026-12-31T23:00:00Z")));
    JsonNode vector = FILE.get("vectors").valueStream()
        .filter(one -> text(one, "purpose").equals("agentspan.outcome.v1"))
        .findFirst()
        .orElseThrow();
    String signed = text(vector, "text");
    String keyId = text(vector, "keyId");
    long retired = 1_798_758_000_000L;
    assertEquals(
        Optional.empty(), trusted.problem(Signer.ORCHESTRATORS, signed, keyId, signature(vector), retired - 1));
    assertTrue(trusted.problem(Signer.ORCHESTRATORS, signed, keyId, signature(vector), retired)
        .orElseThrow()
        .contains("was retired at"));
  }

  @Test
  void showsNothingOfAKeysNameThatWouldNotBeOne() {
    TrustedKeys trusted = TrustedKeys.of(trusted(Map.of()));
    for (String name : List.of("\uD83D\uDE00", "\n", "x".repeat(1_000))) {
      String problem = trusted.problem(Signer.ORCHESTRATORS, "", name, new byte[64], 0).orElseThrow();
      assertTrue(problem.matches("key \"(\\?|x{32})\" is no trusted key of an orchestrator"), problem);
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      no                                                          | it is not JSON
      []                                                          | it is no object
      {"gateways": []}                                            | it has no list "orchestrators"
      {"gateways": [], "orchestrators": [], "people": []}         | it has "people"
      {"gateways": [], "orchestrators": [1]}                      | orchestrators[0] is no object
      """)
  void saysWhatIsWrongWithAListOfKeys(String list, String fault) {
    AgentspanException refused = assertThrows(AgentspanException.class, () -> TrustedKeys.of(list));
    assertTrue(refused.getMessage().contains(fault), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "id, 0000000000000000, another \"id\"",
    "public, AAAA, of 32 bytes",
    "public, *, of 32 bytes",
    "owner, ana, has \"owner\"",
    "retired_at, yesterday, \"retired_at\""
  })
  void saysWhatIsWrongWithAKey(String member, String value, String fault) {
    AgentspanException refused =
        assertThrows(AgentspanException.class, () -> TrustedKeys.of(trusted(Map.of(member, value))));
    assertTrue(refused.getMessage().contains(fault), refused.getMessage());
  }

  @Test
  void namesTheFileOfKeysThatCannotBeUsed(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("keys.json");
    AgentspanException missing = assertThrows(AgentspanException.class, () -> TrustedKeys.read(file));
    assertEquals("INVALID_REQUEST", missing.reason());
    assertTrue(missing.getMessage().contains("cannot be read"));
    Files.writeString(file, "{}");
    AgentspanException unusable = assertThrows(AgentspanException.class, () -> TrustedKeys.read(file));
    assertTrue(unusable.getMessage().contains("cannot be used") && unusable.getMessage().contains(file.toString()));
    Files.writeString(file, trusted(Map.of()));
    assertFalse(TrustedKeys.read(file).has(Signer.GATEWAYS, text(FILE.get("keys").get("permit"), "id")));
  }

  @Test
  void readsBase64UrlAndNothingElse() {
    assertNotNull(Base64Url.readOrNull("-_8"));
    for (String other : List.of("+/8=", "-_8=", "-_8\n", "-", "-_9")) {
      assertNull(Base64Url.readOrNull(other), other);
    }
  }

  @Test
  void signsNoNumberThatOtherLanguagesWouldReadAsAnother() {
    assertThrows(IllegalArgumentException.class, () -> SignedText.of("p", Map.of("a", 1.5)));
    assertThrows(IllegalArgumentException.class, () -> SignedText.of("p", Map.of("a", Long.MAX_VALUE)));
  }
}
