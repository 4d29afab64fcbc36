package dev.agentspan.internal;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON text and back, where the text is the contract: no number becomes another one on the way, and none is guessed.
 */
public final class Json {
  private static final JsonMapper MAPPER = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
      .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
      .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
      // Jackson's own default would tell {} of a value that it knows nothing of.
      .enable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
      .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
      .build();

  private Json() {}

  /** A value of this type. Throws JacksonException where the text is none of it. */
  public static <T> T read(String text, Class<T> type) {
    return MAPPER.readValue(text, type);
  }

  /** Throws JacksonException where the text is no JSON. */
  public static JsonNode tree(String text) {
    return MAPPER.readTree(text);
  }

  /** The text of a value; a number that JSON does not have is null. Throws JacksonException where it has no text. */
  public static String write(Object value) {
    return write(value, false);
  }

  /**
   * The same for results and what people are shown, where null in place of a number would be something else: that is
   * refused.
   */
  public static String writeExact(Object value) {
    return write(value, true);
  }

  private static String write(Object value, boolean exact) {
    String text = write(value, exact, false);
    // Half a character can be escaped; in protobuf it would become a question mark.
    return StandardCharsets.UTF_8.newEncoder().canEncode(text) ? text : write(value, exact, true);
  }

  private static String write(Object value, boolean exact, boolean ascii) {
    StringWriter text = new StringWriter();
    var writer = ascii ? MAPPER.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII) : MAPPER.writer();
    try (JsonGenerator generator = writer.createGenerator(text)) {
      writer.writeValue(new FiniteNumbers(generator, exact), value);
    }
    return text.toString();
  }

  /** What went wrong, and where in the value. */
  public static String problem(JacksonException error) {
    String place = place(error);
    return place.isEmpty() ? error.getOriginalMessage() : place + ": " + error.getOriginalMessage();
  }

  /** Where in the value it is, as a JSON Pointer. */
  public static String place(JacksonException error) {
    StringBuilder path = new StringBuilder();
    for (JacksonException.Reference step : error.getPath()) {
      String name = step.getPropertyName();
      path.append('/').append(name == null ? Integer.toString(step.getIndex()) : name);
    }
    return path.toString();
  }
}
