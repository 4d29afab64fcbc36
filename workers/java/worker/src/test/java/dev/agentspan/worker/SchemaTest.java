package dev.agentspan.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.agentspan.AgentspanException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class SchemaTest {
  enum Kind {
    CARD,
    @JsonProperty("bank transfer")
    TRANSFER
  }

  record Item(String sku, int count) {}

  record Order(
      @JsonProperty("order_id") @JsonPropertyDescription("Its number.") String orderId,
      BigDecimal amount,
      boolean paid,
      Kind kind,
      List<Item> items,
      Map<String, Long> counts,
      Set<String> tags,
      LocalDate day,
      UUID token,
      double[] rates,
      JsonNode anything,
      Optional<String> note,
      OptionalInt stars) {}

  record Amounts(long whole, BigInteger large, BigDecimal exact, double near, Object any) {}

  record Node(String name, List<Node> children) {}

  record Odd(Thread thread) {}

  record Short(float amount) {}

  private static <I> Tool<I> tool(Class<I> input) {
    return Tool.of("tool", input, (given, call) -> null);
  }

  private static String refused(Tool<?> tool, String arguments) {
    return assertThrows(ArgumentsException.class, () -> tool.read(arguments)).getMessage();
  }

  @Test
  void readsTheSchemaOfARecord() {
    assertEquals(
        """
        {"type":"object","properties":{\
        "order_id":{"type":"string","description":"Its number."},\
        "amount":{"type":"number"},\
        "paid":{"type":"boolean"},\
        "kind":{"type":"string","enum":["CARD","bank transfer"]},\
        "items":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"},\
        "count":{"type":"integer"}},"required":["sku","count"],"additionalProperties":false}},\
        "counts":{"type":"object","additionalProperties":{"type":"integer"}},\
        "tags":{"type":"array","items":{"type":"string"},"uniqueItems":true},\
        "day":{"type":"string","format":"date"},\
        "token":{"type":"string","format":"uuid"},\
        "rates":{"type":"array","items":{"type":"number"}},\
        "anything":{},\
        "note":{"type":"string"},\
        "stars":{"type":"integer"}},\
        "required":["order_id","amount","paid","kind","items","counts","tags","day","token","rates","anything"],\
        "additionalProperties":false}""",
        tool(Order.class).inputSchema());
  }

  @Test
  void givesTheFunctionWhatTheTextSays() throws Exception {
    String rest = "\"items\":[{\"sku\":\"a\",\"count\":2}],\"counts\":{\"__proto__\":9007199254740994},"
        + "\"tags\":[\"x\"],\"day\":\"2026-12-01\",\"token\":\"123e4567-e89b-12d3-a456-426614174000\","
        + "\"rates\":[0.1],\"anything\":null";
    Order order = tool(Order.class)
        .read("{\"order_id\":\"ORD-8821\",\"amount\":29.99,\"paid\":true,\"kind\":\"bank transfer\"," + rest + "}");
    assertEquals("ORD-8821", order.orderId());
    assertEquals(new BigDecimal("29.99"), order.amount());
    assertEquals(Kind.TRANSFER, order.kind());
    assertEquals(List.of(new Item("a", 2)), order.items());
    assertEquals(Map.of("__proto__", 9007199254740994L), order.counts());
    assertEquals(LocalDate.of(2026, 12, 1), order.day());
    assertEquals(Optional.empty(), order.note());
    assertEquals(OptionalInt.empty(), order.stars());
  }

  @Test
  void changesNoNumber() throws Exception {
    Amounts read = tool(Amounts.class).read("{\"any\":[1e+21,5e-324,123456789012345680000],\"exact\":1e-7,"
        + "\"large\":123456789012345680000,\"near\":1.7976931348623157e+308,\"whole\":9007199254740994}");
    assertEquals(9007199254740994L, read.whole());
    assertEquals(new BigInteger("123456789012345680000"), read.large());
    assertEquals(0, read.exact().compareTo(new BigDecimal("1e-7")));
    assertEquals(Double.MAX_VALUE, read.near());
    assertEquals(
        List.of(new BigDecimal("1E+21"), new BigDecimal("5E-324"), new BigInteger("123456789012345680000")),
        read.any());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "{\"sku\":5,\"count\":1}             | /sku",
    "{\"sku\":\"a\"}                     | count",
    "{\"sku\":\"a\",\"count\":1,\"x\":1} | x",
    "{\"sku\":\"a\",\"count\":1.5}       | /count",
    "{\"sku\":\"a\",\"count\":\"1\"}     | /count",
    "{\"sku\":\"a\",\"count\":null}      | /count",
    "{\"sku\":\"a\",\"count\":99999999999} | /count",
    "{\"sku\":\"a\",\"count\":1,\"count\":2} | Duplicate",
    "{\"sku\":\"a\",\"count\":1} {}      | cannot be read",
    "[]                                  | the value",
    "{                                   | cannot be read"
  })
  void refusesWhatDoesNotFitInWordsThatNameTheField(String arguments, String named) {
    String words = refused(tool(Item.class), arguments);
    assertTrue(words.contains(named), words);
  }

  @Test
  void readsADeepAndALongTextAsTheContractAllowsIt() throws Exception {
    Tool<JsonNode> any = Tool.builder("any", JsonNode.class, (input, call) -> null)
        .inputSchema("{\"type\":\"object\"}")
        .build();
    String deep = "{\"a\":".repeat(63) + "{}" + "}".repeat(63);
    assertEquals(deep, any.read(deep).toString());
    String large = "{\"a\":\"" + "x".repeat(256 * 1024) + "\"}";
    assertEquals(large, any.read(large).toString());
  }

  @Test
  void takesASchemaAsText() throws Exception {
    String schema = "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\","
        + "\"properties\":{\"email\":{\"type\":\"string\",\"format\":\"email\"}}}";
    Tool<JsonNode> tool =
        Tool.builder("tool", JsonNode.class, (input, call) -> null).inputSchema(schema).build();
    assertEquals(schema, tool.inputSchema());
    // A format is an annotation, as it is at the server.
    assertEquals("nobody", tool.read("{\"email\":\"nobody\"}").get("email").stringValue());
    assertTrue(refused(tool, "{\"email\":1}").contains("/email"));
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "no JSON", "[]", "{}", "{\"type\":\"string\"}", "{\"type\":\"object\",\"properties\":5}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"strin\"}}}",
    "{\"type\":\"object\",\"$schema\":\"https://example.test/schema\"}",
    "{\"type\":\"object\",\"$ref\":\"https://example.test/schema\"}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"pattern\":\"(\"}}}"
  })
  void refusesASchemaThatIsNone(String schema) {
    var builder = Tool.builder("tool", JsonNode.class, (input, call) -> null).inputSchema(schema);
    AgentspanException refused = assertThrows(AgentspanException.class, builder::build);
    assertEquals("INVALID_REQUEST", refused.reason());
    assertTrue(refused.getMessage().startsWith("The schema of tool \"tool\" cannot be used."), refused.getMessage());
  }

  @Test
  void refusesASchemaThatIsTooLarge() {
    String schema = "{\"type\":\"object\",\"description\":\"" + "x".repeat(64 * 1024) + "\"}";
    var builder = Tool.builder("tool", JsonNode.class, (input, call) -> null).inputSchema(schema);
    assertEquals("LIMIT_EXCEEDED", assertThrows(AgentspanException.class, builder::build).reason());
  }

  @ParameterizedTest
  @ValueSource(classes = {String.class, Node.class, Odd.class, Short.class, Map.class})
  void asksForASchemaOfWhatItCannotTell(Class<?> input) {
    AgentspanException refused = assertThrows(AgentspanException.class, () -> tool(input));
    assertTrue(refused.getMessage().contains("inputSchema("), refused.getMessage());
  }

  @Test
  void refusesOptionsThatCannotBeUsed() {
    var plain = Tool.builder("tool", Item.class, (input, call) -> null);
    plain.probe((input, call) -> ProbeAnswer.unknown(""));
    assertTrue(assertThrows(AgentspanException.class, plain::build).getMessage().contains("probe"));
    var once = Tool.builder("tool", Item.class, (input, call) -> null).once().preview((input, call) -> "");
    assertTrue(assertThrows(AgentspanException.class, once::build).getMessage().contains("preview"));
    var fields = Tool.builder("tool", Item.class, (input, call) -> null).approvalRequired().previewFields("after");
    assertTrue(assertThrows(AgentspanException.class, fields::build).getMessage().contains("previewFields"));
    assertThrows(AgentspanException.class, () -> Tool.of("no name", Item.class, (input, call) -> null));
  }
}
