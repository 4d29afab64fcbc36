package dev.agentspan.examples;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/** A file that stands for the billing system: it has one line for each refund, found by its idempotency key. */
record RefundLedger(Path file) {
  private static final JsonMapper JSON = new JsonMapper();

  record Booking(String key, @JsonProperty("order_id") String orderId, BigDecimal amount) {}

  void book(Booking booking) throws IOException {
    String line = JSON.writeValueAsString(booking) + "\n";
    Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  Optional<Booking> find(String key) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .map(line -> JSON.readValue(line, Booking.class))
          .filter(booking -> booking.key().equals(key))
          .findFirst();
    }
  }
}
