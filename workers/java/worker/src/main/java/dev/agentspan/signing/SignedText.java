package dev.agentspan.signing;

import java.util.Map;
import java.util.TreeMap;

/**
 * What is signed: the RFC 8785 text of {@code {"purpose": …, "statement": {…}}}. The purpose says what the statement
 * is, so that a signature of one thing is never one of another. Times are whole milliseconds since the epoch; what is
 * not there is an empty text.
 */
public final class SignedText {
  private SignedText() {}

  /**
   * The text that is signed for a purpose. A statement has texts, whole numbers of at most 53 bits, booleans, lists and
   * statements; anything else is an IllegalArgumentException.
   */
  public static String of(String purpose, Map<String, ?> statement) {
    StringBuilder text = new StringBuilder();
    write(text, Map.of("purpose", purpose, "statement", statement));
    return text.toString();
  }

  private static void write(StringBuilder text, Object value) {
    if (value instanceof String words) {
      writeString(text, words);
    } else if (value instanceof Boolean || value instanceof Integer || isExact(value)) {
      text.append(value);
    } else if (value instanceof Iterable<?> list) {
      String between = "[";
      for (Object member : list) {
        write(text.append(between), member);
        between = ",";
      }
      text.append(between.equals("[") ? "[]" : "]");
    } else if (value instanceof Map<?, ?> members) {
      String between = "{";
      for (Map.Entry<?, ?> member : sorted(members).entrySet()) {
        writeString(text.append(between), (String) member.getKey());
        write(text.append(':'), member.getValue());
        between = ",";
      }
      text.append(between.equals("{") ? "{}" : "}");
    } else {
      throw new IllegalArgumentException("A statement has no such value: " + (value == null ? null : value.getClass()));
    }
  }

  /** By UTF-16 code units, as Java compares texts. */
  private static Map<Object, Object> sorted(Map<?, ?> members) {
    return new TreeMap<>(members);
  }

  private static boolean isExact(Object value) {
    return value instanceof Long number && Math.abs(number) <= 1L << 53;
  }

  static void writeString(StringBuilder text, String words) {
    text.append('"');
    for (int i = 0; i < words.length(); i++) {
      char one = words.charAt(i);
      switch (one) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\b' -> text.append("\\b");
        case '\f' -> text.append("\\f");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> {
          if (one < 0x20) {
            text.append(String.format("\\u%04x", (int) one));
          } else {
            text.append(one);
          }
        }
      }
    }
    text.append('"');
  }
}
