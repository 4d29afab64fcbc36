package dev.agentspan.internal;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, as the contract writes it. */
public final class Digests {
  private Digests() {}

  /** {@code sha256:} and the hash of the text's UTF-8, in hexadecimal digits. */
  public static String of(String text) {
    return "sha256:" + hex(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The hash of these bytes, in hexadecimal digits. */
  public static String hex(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException("Every Java has SHA-256.", error);
    }
  }
}
