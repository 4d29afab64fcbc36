package dev.agentspan.signing;

import dev.agentspan.internal.Digests;
import dev.agentspan.internal.Ed25519;
import dev.agentspan.internal.Json;
import dev.agentspan.signing.TrustedKeys.Signer;
import java.security.GeneralSecurityException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads a list of trusted keys as far as it can be read, and says what is wrong with it, each fault in a few words. */
final class TrustedKeysText {
  private static final int RAW_BYTES = 32;
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?(Z|[+-]\\d{2}:\\d{2})");

  private final Map<Signer, Map<String, TrustedKey>> keys = new EnumMap<>(Signer.class);
  private final List<String> faults = new ArrayList<>();

  TrustedKeysText(String text) {
    for (Signer signer : Signer.values()) {
      keys.put(signer, new HashMap<>());
    }
    JsonNode value;
    try {
      value = Json.tree(text);
    } catch (JacksonException error) {
      faults.add("it is not JSON"); // The parser's words would quote the text.
      return;
    }
    if (!value.isObject()) {
      faults.add("it is no object with \"gateways\" and \"orchestrators\"");
      return;
    }
    List<String> names = new ArrayList<>();
    for (Signer signer : Signer.values()) {
      names.add(nameOf(signer));
    }
    value.propertyNames().stream()
        .filter(name -> !names.contains(name))
        .forEach(name -> faults.add("it has \"" + name + "\", which is no list of keys"));
    for (Signer signer : Signer.values()) {
      readList(signer, value.get(nameOf(signer)));
    }
  }

  Map<Signer, Map<String, TrustedKey>> keys() {
    return keys;
  }

  List<String> faults() {
    return faults;
  }

  private static String nameOf(Signer signer) {
    return signer.name().toLowerCase(Locale.ROOT);
  }

  private void readList(Signer signer, JsonNode list) {
    if (list == null && signer == Signer.PERMITS) {
      return;
    }
    if (list == null || !list.isArray()) {
      faults.add("it has no list \"" + nameOf(signer) + "\"");
      return;
    }
    for (int i = 0; i < list.size(); i++) {
      String fault = add(signer, list.get(i));
      if (fault != null) {
        faults.add(nameOf(signer) + "[" + i + "] " + fault);
      }
    }
  }

  private String add(Signer signer, JsonNode entry) {
    if (!entry.isObject()) {
      return "is no object with \"id\" and \"public\"";
    }
    for (String name : entry.propertyNames()) {
      if (!List.of("id", "public", "retired_at").contains(name)) {
        return "has \"" + name + "\", which nobody reads";
      }
    }
    byte[] raw = entry.path("public").isString() ? Base64Url.readOrNull(entry.path("public").stringValue()) : null;
    if (raw == null || raw.length != RAW_BYTES) {
      return "has no \"public\" of 32 bytes in base64url";
    }
    String id = Digests.hex(raw).substring(0, 16);
    if (!id.equals(entry.path("id").asString(""))) {
      return "has another \"id\" than that of its \"public\", which is \"" + id + "\"";
    }
    if (keys.values().stream().anyMatch(known -> known.containsKey(id))) {
      return "is there twice: a key has one purpose";
    }
    Instant retiredAt = timeOf(entry.get("retired_at"));
    if (entry.has("retired_at") && retiredAt == null) {
      return "has a \"retired_at\" that is no time such as \"2026-01-31T12:00:00Z\"";
    }
    try {
      keys.get(signer).put(id, new TrustedKey(Ed25519.publicKey(raw), retiredAt));
      return null;
    } catch (GeneralSecurityException error) {
      return "has a \"public\" that is no key of Ed25519";
    }
  }

  private static Instant timeOf(JsonNode time) {
    if (time == null || !time.isString() || !TIME.matcher(time.stringValue()).matches()) {
      return null;
    }
    try {
      return OffsetDateTime.parse(time.stringValue()).toInstant();
    } catch (DateTimeException error) {
      return null; // That it is none is the answer.
    }
  }
}
