package dev.agentspan.worker;

import static dev.agentspan.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.agentspan.Vectors;
import dev.agentspan.internal.Digests;
import dev.agentspan.internal.Json;
import dev.agentspan.v1.ClaimRequest;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Arguments and messages as every SDK reads them. */
class VectorsTest {
  private static final JsonNode MESSAGES = Vectors.file("messages");

  @TestFactory
  Stream<DynamicTest> readsTheArgumentsThatEachVectorHasAsTheyStand() throws Exception {
    Tool<JsonNode> any = Tool.builder("any", JsonNode.class, (input, call) -> null)
        .inputSchema("{\"type\":\"object\"}")
        .build();
    Stream<JsonNode> accepted =
        Vectors.file("arguments").get("vectors").valueStream().filter(vector -> vector.has("canonical"));
    return accepted.map(vector -> DynamicTest.dynamicTest(text(vector, "name"), () -> {
      String canonical = text(vector, "canonical");
      assertEquals(text(vector, "utf8"), HexFormat.of().formatHex(canonical.getBytes(StandardCharsets.UTF_8)));
      assertEquals(text(vector, "digest"), Digests.of(canonical));
      JsonNode read = any.read(canonical);
      // Written and read again it is the same: no number became another one.
      assertEquals(read, Json.tree(Json.write(read)));
      assertEquals(canonical.length() > 2, !read.isEmpty());
      if (!text(vector, "input").isBlank()) {
        assertTrue(read.equals((one, other) -> same(one, other) ? 0 : 1, Json.tree(text(vector, "input"))));
      }
    }));
  }

  private static boolean same(JsonNode one, JsonNode other) {
    return one.equals(other)
        || one.isNumber() && other.isNumber() && one.decimalValue().compareTo(other.decimalValue()) == 0;
  }

  @TestFactory
  Stream<DynamicTest> readsAndWritesEachMessageInBothForms() {
    return Vectors.each(MESSAGES.get("vectors"), vector -> {
      byte[] bytes = HexFormat.of().parseHex(text(vector, "protobuf"));
      Message read = parsed(vector, bytes);
      assertEquals(parsedJson(vector, JsonFormat.parser()), read);
      assertArrayEquals(bytes, read.toByteArray());
    });
  }

  @TestFactory
  Stream<DynamicTest> readsPastWhatIsNotKnown() {
    return Vectors.each(MESSAGES.get("newer"), vector -> {
      JsonNode known = MESSAGES.get("vectors").valueStream()
          .filter(one -> text(one, "name").equals(text(vector, "is")))
          .findFirst()
          .orElseThrow();
      Message expected = parsedJson(known, JsonFormat.parser());
      assertEquals(expected, parsedJson(vector, JsonFormat.parser().ignoringUnknownFields()));
      Message read = parsed(vector, HexFormat.of().parseHex(text(vector, "protobuf")));
      assertEquals(expected, read.toBuilder().setUnknownFields(expected.getUnknownFields()).build());
    });
  }

  private static Message.Builder builder(JsonNode vector) {
    String name = text(vector, "type").replace("agentspan.v1.", "");
    try {
      Class<?> type = Class.forName(ClaimRequest.class.getPackageName() + "." + name);
      return ((Message) type.getMethod("getDefaultInstance").invoke(null)).newBuilderForType();
    } catch (ReflectiveOperationException error) {
      throw new AssertionError(error);
    }
  }

  private static Message parsed(JsonNode vector, byte[] bytes) {
    try {
      return builder(vector).mergeFrom(bytes).build();
    } catch (com.google.protobuf.InvalidProtocolBufferException error) {
      throw new AssertionError(error);
    }
  }

  private static Message parsedJson(JsonNode vector, JsonFormat.Parser parser) {
    Message.Builder builder = builder(vector);
    try {
      parser.merge(Json.write(vector.get("json")), builder);
    } catch (com.google.protobuf.InvalidProtocolBufferException error) {
      throw new AssertionError(error);
    }
    return builder.build();
  }
}
