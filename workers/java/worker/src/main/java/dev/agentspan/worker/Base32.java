package dev.agentspan.worker;

import java.io.ByteArrayOutputStream;

/** Base 32 without padding, which the JDK lacks: nkeys are written in it. */
final class Base32 {
  private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

  private Base32() {}

  /** Throws IllegalArgumentException where the text is none. */
  static byte[] read(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int held = 0;
    int bits = 0;
    for (char one : text.toCharArray()) {
      int value = ALPHABET.indexOf(one);
      if (value == -1) {
        throw new IllegalArgumentException("It is no seed of an nkey.");
      }
      held = (held << 5 | value) & 0xfff;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        bytes.write(held >> bits);
      }
    }
    // There is one way to write it.
    if (!write(bytes.toByteArray()).equals(text)) {
      throw new IllegalArgumentException("It is no seed of an nkey.");
    }
    return bytes.toByteArray();
  }

  static String write(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    int held = 0;
    int bits = 0;
    for (byte one : bytes) {
      held = (held << 8 | one & 0xff) & 0xfff;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        text.append(ALPHABET.charAt(held >> bits & 31));
      }
    }
    if (bits > 0) {
      text.append(ALPHABET.charAt(held << 5 - bits & 31));
    }
    return text.toString();
  }
}
