package dev.agentspan.worker;

import dev.agentspan.AgentspanException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** What the SDK tells of before anything is sent. Bytes are of UTF-8; the server has the same limits and more. */
final class Limits {
  static final int TOOL_SCHEMA_BYTES = 64 * 1024;
  static final int RESULT_BYTES = 256 * 1024;
  static final int PREVIEW_BYTES = 64 * 1024;
  /** Of words for people. */
  static final int MESSAGE_BYTES = 4 * 1024;

  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}");
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]{1,128}");

  private Limits() {}

  static String requireName(String name, String what) {
    if (name == null || !NAME.matcher(name).matches()) {
      throw AgentspanException.invalid("The name \"" + name + "\" of " + what + " must begin with a letter or '_',"
          + " go on with letters, digits, '_' or '-', and have at most 64 characters.");
    }
    return name;
  }

  static String requireToken(String token, String what) {
    if (token == null || !TOKEN.matcher(token).matches()) {
      throw AgentspanException.invalid(
          "The " + what + " is \"" + token + "\"; it must have letters, digits, '_' and '-', at most 128.");
    }
    return token;
  }

  static int bytesOf(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** At most so many bytes, never half a character. */
  static String cut(String text, int most) {
    byte[] whole = text.getBytes(StandardCharsets.UTF_8);
    if (whole.length <= most) {
      return new String(whole, StandardCharsets.UTF_8);
    }
    int end = most;
    while (end > 0 && (whole[end] & 0xc0) == 0x80) {
      end--;
    }
    return new String(whole, 0, end, StandardCharsets.UTF_8);
  }
}
