package dev.agentspan.worker;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Types that JSON has, or writes as a text of a known format. A float has too few digits for a number of JSON. */
final class SimpleTypes {
  private static final Map<String, Object> TEXT = Map.of("type", "string");
  private static final Map<String, Object> INTEGER = Map.of("type", "integer");
  private static final Map<String, Object> NUMBER = Map.of("type", "number");
  private static final Map<String, Object> FLAG = Map.of("type", "boolean");
  private static final Map<Class<?>, Map<String, Object>> SCHEMAS = Map.ofEntries(
      Map.entry(String.class, TEXT),
      Map.entry(CharSequence.class, TEXT),
      Map.entry(boolean.class, FLAG),
      Map.entry(Boolean.class, FLAG),
      Map.entry(byte.class, INTEGER),
      Map.entry(Byte.class, INTEGER),
      Map.entry(short.class, INTEGER),
      Map.entry(Short.class, INTEGER),
      Map.entry(int.class, INTEGER),
      Map.entry(Integer.class, INTEGER),
      Map.entry(long.class, INTEGER),
      Map.entry(Long.class, INTEGER),
      Map.entry(BigInteger.class, INTEGER),
      Map.entry(double.class, NUMBER),
      Map.entry(Double.class, NUMBER),
      Map.entry(BigDecimal.class, NUMBER),
      Map.entry(byte[].class, ordered("type", "string", "contentEncoding", "base64")),
      Map.entry(UUID.class, text("uuid")),
      Map.entry(URI.class, text("uri")),
      Map.entry(Instant.class, text("date-time")),
      Map.entry(OffsetDateTime.class, text("date-time")),
      Map.entry(ZonedDateTime.class, text("date-time")),
      Map.entry(LocalDate.class, text("date")),
      Map.entry(LocalTime.class, text("time")),
      Map.entry(Duration.class, text("duration")));

  private SimpleTypes() {}

  /** Null where the type is none of them. */
  static Map<String, Object> schema(Class<?> type) {
    return SCHEMAS.get(type);
  }

  private static Map<String, Object> text(String format) {
    return ordered("type", "string", "format", format);
  }

  /** The text of a schema is the same in each process: Map.of has another order in each. */
  static Map<String, Object> ordered(String first, Object firstValue, String second, Object secondValue) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put(first, firstValue);
    members.put(second, secondValue);
    return members;
  }
}
