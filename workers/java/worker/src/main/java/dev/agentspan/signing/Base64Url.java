package dev.agentspan.signing;

import java.util.Base64;

/** base64url without padding: its one form. */
final class Base64Url {
  private Base64Url() {}

  /** Null where the text is not in that form. */
  static byte[] readOrNull(String text) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text);
      return write(bytes).equals(text) ? bytes : null;
    } catch (IllegalArgumentException error) {
      return null; // That it is none is the answer.
    }
  }

  static String write(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
