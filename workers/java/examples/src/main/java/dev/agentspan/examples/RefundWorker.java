package dev.agentspan.examples;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.agentspan.AgentspanException;
import dev.agentspan.worker.ProbeAnswer;
import dev.agentspan.worker.ProbeCall;
import dev.agentspan.worker.Tool;
import dev.agentspan.worker.ToolCall;
import dev.agentspan.worker.Worker;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the refund agent's tools until it is asked to stop: those that its arguments name, or all.
 *
 * <p>Settings: AGENTSPAN_NATS_URL and the others of the SDK, and REFUND_LEDGER, the file that stands for the billing
 * system.
 */
public final class RefundWorker {
  private static final Logger LOG = LoggerFactory.getLogger(RefundWorker.class);
  private static final RefundLedger LEDGER =
      new RefundLedger(Path.of(System.getenv().getOrDefault("REFUND_LEDGER", "refunds.jsonl")));

  record OrderQuery(@JsonProperty("order_id") String orderId) {}

  record CustomerQuery(@JsonProperty("customer_id") String customerId) {}

  record Refund(
      @JsonProperty("order_id") String orderId, @JsonPropertyDescription("In euros.") BigDecimal amount) {}

  record Refunded(boolean refunded, @JsonProperty("order_id") String orderId, BigDecimal amount) {}

  private RefundWorker() {}

  /** Ends with 1 where the server does not take it. */
  public static void main(String[] names) {
    List<Tool<?>> tools = List.of(
        Tool.of("get_order", OrderQuery.class, (query, call) ->
            Map.of("order_id", query.orderId(), "amount", new BigDecimal("29.99"), "status", "delivered")),
        Tool.of("get_customer", CustomerQuery.class, (query, call) ->
            Map.of("customer_id", query.customerId(), "name", "Alex", "email", "alex@example.com")),
        Tool.builder("process_refund", Refund.class, RefundWorker::refund)
            .approvalRequired()
            .probe(RefundWorker::find)
            .build());
    List<Tool<?>> chosen = tools.stream()
        .filter(tool -> names.length == 0 || List.of(names).contains(tool.name()))
        .toList();
    try (Worker worker = Worker.builder().serve("refund_agent", chosen).build()) {
      worker.run();
    } catch (AgentspanException error) {
      LOG.error("{}: {}", error.reason(), error.getMessage());
      System.exit(1);
    }
  }

  private static Object refund(Refund refund, ToolCall call) throws IOException {
    LEDGER.book(new RefundLedger.Booking(call.idempotencyKey(), refund.orderId(), refund.amount()));
    LOG.info("Refunded an order");
    return new Refunded(true, refund.orderId(), refund.amount());
  }

  /** What is asked where a worker was lost in the middle of a refund. */
  private static ProbeAnswer find(Refund refund, ProbeCall call) throws IOException {
    Optional<RefundLedger.Booking> booking = LEDGER.find(call.idempotencyKey());
    return booking.isPresent()
        ? ProbeAnswer.happened(new Refunded(true, refund.orderId(), booking.get().amount()), "it is in the ledger")
        : ProbeAnswer.didNotHappen("no booking has this key");
  }
}
