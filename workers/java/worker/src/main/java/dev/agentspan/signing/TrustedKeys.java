package dev.agentspan.signing;

import dev.agentspan.AgentspanException;
import dev.agentspan.internal.Ed25519;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Whose signatures are believed, and as what. Read from a file of this machine, never from NATS. */
public final class TrustedKeys {
  /** As what a key is believed. */
  public enum Signer {
    GATEWAYS("a gateway"),
    ORCHESTRATORS("an orchestrator"),
    PERMITS("whoever permits workers");

    private final String whose;

    Signer(String whose) {
      this.whose = whose;
    }
  }

  private static final int SHOWN = 32;

  private final Map<Signer, Map<String, TrustedKey>> keys;

  TrustedKeys(Map<Signer, Map<String, TrustedKey>> keys) {
    this.keys = keys;
  }

  /**
   * Reads {@code {"gateways": [{"id", "public", "retired_at"?}], "orchestrators": […], "permits"?: […]}}. Throws
   * AgentspanException INVALID_REQUEST, with all that is wrong.
   */
  public static TrustedKeys of(String text) {
    TrustedKeysText read = new TrustedKeysText(text);
    if (!read.faults().isEmpty()) {
      throw AgentspanException.invalid(String.join("; ", read.faults()));
    }
    return new TrustedKeys(read.keys());
  }

  /** The keys of a file. Throws AgentspanException INVALID_REQUEST where it cannot be read or used. */
  public static TrustedKeys read(Path file) {
    String where = "The file of trusted keys \"" + file + "\" (trustedKeysFile, or AGENTSPAN_TRUSTED_KEYS_FILE)";
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException error) {
      throw new AgentspanException("INVALID_REQUEST", where + " cannot be read: " + error, error);
    }
    try {
      return of(text);
    } catch (AgentspanException error) {
      throw AgentspanException.invalid(where + " cannot be used: " + error.getMessage() + ".");
    }
  }

  /** Whether the key is believed as that. */
  public boolean has(Signer signer, String keyId) {
    return keys.get(signer).containsKey(keyId);
  }

  /**
   * Why a signature is not believed that was made at that time (milliseconds since the epoch), in words that follow
   * "because"; empty where it is.
   */
  public Optional<String> problem(Signer signer, String text, String keyId, byte[] signature, long at) {
    return Optional.ofNullable(problemOf(signer, text, keyId, signature, at));
  }

  private String problemOf(Signer signer, String text, String keyId, byte[] signature, long at) {
    if (keyId.isEmpty() || signature.length == 0) {
      return "it is not signed";
    }
    TrustedKey found = keys.get(signer).get(keyId);
    if (found == null) {
      String shown = "key \"" + forALog(keyId) + "\"";
      return keys.entrySet().stream()
          .filter(others -> others.getValue().containsKey(keyId))
          .findFirst()
          .map(others -> shown + " is that of " + others.getKey().whose + ", not of " + signer.whose)
          .orElse(shown + " is no trusted key of " + signer.whose);
    }
    if (found.isRetired(at)) {
      return "key " + keyId + " was retired at " + found.retiredAt() + ", and signed it later";
    }
    if (!Ed25519.verifies(found.key(), text.getBytes(StandardCharsets.UTF_8), signature)) {
      return "the signature of key " + keyId + " is not of what it says";
    }
    return null;
  }

  /** What came from outside. */
  private static String forALog(String keyId) {
    String plain = keyId.replaceAll("[^A-Za-z0-9_-]", "?");
    return plain.substring(0, Math.min(SHOWN, plain.length()));
  }
}
