package dev.agentspan.signing;

import dev.agentspan.internal.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The file of a receipt. It has one form, so that not a byte of it can be another. */
final class ReceiptText {
  private static final String FORM = "agentspan.receipt.v1";

  private ReceiptText() {}

  static Optional<Receipt> read(String text) {
    JsonNode value;
    try {
      value = Json.tree(text);
    } catch (JacksonException error) {
      return Optional.empty(); // That it is none is the answer.
    }
    if (!value.path("receipt").asString("").equals(FORM)
        || !value.path("arguments").isString()
        || !value.path("votes").isArray()) {
      return Optional.empty();
    }
    List<SignedPart> votes = new ArrayList<>();
    for (JsonNode vote : value.get("votes")) {
      votes.add(part(SignedPart.Name.DECISION, vote));
    }
    SignedPart decision = part(SignedPart.Name.DECISION, value.path("decision"));
    SignedPart grant = part(SignedPart.Name.GRANT, value.path("grant"));
    SignedPart outcome = part(SignedPart.Name.OUTCOME, value.path("outcome"));
    if (votes.contains(null) || decision == null || grant == null || outcome == null) {
      return Optional.empty();
    }
    Receipt receipt = new Receipt(value.get("arguments").stringValue(), votes, decision, grant, outcome);
    return write(receipt).equals(text) ? Optional.of(receipt) : Optional.empty();
  }

  /** As JavaScript writes it with an indentation of two. */
  static String write(Receipt receipt) {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("receipt", FORM);
    parts.put("arguments", receipt.arguments());
    parts.put("votes", receipt.votes().stream().map(ReceiptText::members).toList());
    parts.put("decision", members(receipt.decision()));
    parts.put("grant", members(receipt.grant()));
    parts.put("outcome", members(receipt.outcome()));
    StringBuilder text = new StringBuilder();
    write(text, parts, "\n");
    return text.append('\n').toString();
  }

  private static Map<String, Object> members(SignedPart part) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("keyId", part.keyId());
    members.put("signature", part.signature());
    members.put("statement", new TreeMap<>(part.statement()));
    return members;
  }

  private static void write(StringBuilder text, Object value, String line) {
    String inner = line + "  ";
    if (value instanceof Map<?, ?> members) {
      String between = "{";
      for (Map.Entry<?, ?> member : members.entrySet()) {
        SignedText.writeString(text.append(between).append(inner), (String) member.getKey());
        write(text.append(": "), member.getValue(), inner);
        between = ",";
      }
      text.append(line).append('}');
    } else if (value instanceof List<?> list) {
      String between = "[";
      for (Object member : list) {
        write(text.append(between).append(inner), member, inner);
        between = ",";
      }
      text.append(list.isEmpty() ? "[]" : line + "]");
    } else if (value instanceof String words) {
      SignedText.writeString(text, words);
    } else {
      text.append(value);
    }
  }

  private static SignedPart part(SignedPart.Name name, JsonNode value) {
    if (!value.isObject()
        || !new TreeSet<>(value.propertyNames()).equals(Set.of("keyId", "signature", "statement"))
        || !value.get("keyId").isString()
        || !value.get("signature").isString()
        || !value.get("statement").isObject()
        || Base64Url.readOrNull(value.get("signature").stringValue()) == null) {
      return null;
    }
    SignedPart part = new SignedPart(
        name,
        value.get("keyId").stringValue(),
        value.get("signature").stringValue(),
        statement(value.get("statement")));
    return part.isWhole() ? part : null;
  }

  /** What is of no kind that a statement has stays as it is, and is found to fit nowhere. */
  private static Map<String, Object> statement(JsonNode members) {
    Map<String, Object> statement = new TreeMap<>();
    for (Map.Entry<String, JsonNode> member : members.properties()) {
      JsonNode value = member.getValue();
      Object read = value;
      if (value.isString()) {
        read = value.stringValue();
      } else if (value.isBoolean()) {
        read = value.booleanValue();
      } else if (value.isInt() || value.isLong()) {
        read = value.longValue();
      } else if (value.isObject()) {
        read = statement(value);
      }
      statement.put(member.getKey(), read);
    }
    return statement;
  }
}
