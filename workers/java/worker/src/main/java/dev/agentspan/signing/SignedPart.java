package dev.agentspan.signing;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A statement of a receipt with its signature, in base64url. Its members are texts, whole numbers (Long), booleans, and
 * in the ground of a decision one more map.
 */
public record SignedPart(Name name, String keyId, String signature, Map<String, Object> statement) {
  /** Which statement it is. */
  public enum Name {
    DECISION(
        List.of("run", "call", "approval", "decision", "digest", "editedDigest", "outcome", "who", "onBehalfOf",
            "method", "credentialId", "address", "comment"),
        List.of("at"), List.of("closes"), List.of("preview", "group")),
    GRANT(
        List.of("run", "call", "nonceDigest", "worker", "tool", "digest", "idempotencyKey", "approval", "decision"),
        List.of("attempt", "grantedAt", "expiresAt"), List.of("guarded"), List.of("preview")),
    OUTCOME(List.of("run", "call", "tool", "outcome", "digest"), List.of("attempt", "at"), List.of(), List.of());

    private final List<String> texts;
    private final List<String> numbers;
    private final List<String> flags;
    /** Texts that are there only where there was something to say. */
    private final List<String> optional;

    Name(List<String> texts, List<String> numbers, List<String> flags, List<String> optional) {
      this.texts = texts;
      this.numbers = numbers;
      this.flags = flags;
      this.optional = optional;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final long MOST = (1L << 53) - 1;

  /** What was signed. */
  public String text() {
    return SignedText.of("agentspan." + name.word() + ".v1", statement);
  }

  /** Why the signature is not believed; empty where it is. */
  Optional<String> problem(TrustedKeys trusted) {
    byte[] signed = Base64Url.readOrNull(signature);
    return trusted.problem(
        TrustedKeys.Signer.ORCHESTRATORS, text(), keyId, signed == null ? new byte[0] : signed, at());
  }

  /** When it was signed. */
  long at() {
    return number(name == Name.GRANT ? "grantedAt" : "at");
  }

  String words(String member) {
    return (String) statement.getOrDefault(member, "");
  }

  long number(String member) {
    return (Long) statement.get(member);
  }

  boolean flag(String member) {
    return (Boolean) statement.get(member);
  }

  boolean agrees(SignedPart other, String member) {
    return statement.get(member).equals(other.statement.get(member));
  }

  /** The digest of what a decision lets run. */
  String runs() {
    return words("editedDigest").isEmpty() ? words("digest") : words("editedDigest");
  }

  /** Whether it has the members that it should have, and none that nobody checks. */
  boolean isWhole() {
    Set<String> members = new TreeSet<>(name.texts);
    members.addAll(name.numbers);
    members.addAll(name.flags);
    name.optional.stream().filter(statement::containsKey).forEach(members::add);
    if (name == Name.DECISION && statement.containsKey("ground")) {
      members.add("ground");
    }
    return statement.keySet().equals(members)
        && statement.entrySet().stream().allMatch(member -> fits(member.getKey(), member.getValue()));
  }

  private boolean fits(String member, Object value) {
    if (member.equals("ground")) {
      return value instanceof Map<?, ?> ground
          && ground.keySet().equals(Set.of("grantId", "version", "use"))
          && ground.get("grantId") instanceof String
          && ground.get("version") instanceof String
          && isNumber(ground.get("use"));
    }
    if (name.numbers.contains(member)) {
      return isNumber(value);
    }
    return name.flags.contains(member) ? value instanceof Boolean : value instanceof String;
  }

  private static boolean isNumber(Object value) {
    return value instanceof Long number && Math.abs(number) <= MOST;
  }
}
