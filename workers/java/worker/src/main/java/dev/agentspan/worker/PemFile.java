package dev.agentspan.worker;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The text of a file, and where it is for sentences. */
record PemFile(String where, String text) {
  InputStream stream() {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Without the text, which may be a key. */
  @Override
  public String toString() {
    return where;
  }
}
