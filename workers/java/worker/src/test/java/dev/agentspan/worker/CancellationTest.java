package dev.agentspan.worker;

import static dev.agentspan.worker.Bench.ACCEPTED;
import static dev.agentspan.worker.Bench.grant;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a call is told that it should end. */
class CancellationTest {
  private final List<String> calls = new ArrayList<>();

  @Test
  void interruptsAPlainCallThatIsCancelledAndNothingAfterIt() {
    Tool<TaskRunTest.Lookup> waits = Tool.of("get_order", TaskRunTest.Lookup.class, (input, call) -> {
      call.cancellation().future().thenAccept(calls::add);
      Thread.sleep(60_000);
      return null;
    });
    try (Bench bench = new Bench(waits)) {
      bench.link
          .answers(Verb.CLAIM, grant("get_order", TaskRunTest.ORDER, false, grant -> grant.setDeadline(
              Times.toProto(Instant.ofEpochMilli(Bench.GRANTED_MS + 20)))))
          .answers(Verb.COMPLETE, ACCEPTED);
      assertTrue(bench.run().completed().getFailure().getMessage().contains("ran past its deadline"));
      assertFalse(Thread.currentThread().isInterrupted());
    }
  }

  @Test
  void interruptsNoGuardedCallAndNothingThatComesAfterAPlainOne() {
    for (boolean guarded : List.of(true, false)) {
      List<Bench> benches = new ArrayList<>();
      var tool = Tool.builder("get_order", TaskRunTest.Lookup.class, (input, call) -> {
        // By this thread, which knows then whether it is interrupted.
        benches.get(0).task().cancellation().cancel("told to");
        return Thread.currentThread().isInterrupted();
      });
      try (Bench bench = new Bench((guarded ? tool.once() : tool).build())) {
        benches.add(bench);
        bench.link
            .answers(Verb.CLAIM, grant("get_order", TaskRunTest.ORDER, guarded, grant -> {}))
            .answers(Verb.COMPLETE, ACCEPTED);
        assertEquals(Boolean.toString(!guarded), bench.run().completed().getResultJson());
        assertFalse(Thread.currentThread().isInterrupted());
      }
    }
  }

  @Test
  void onlyTellsAGuardedCallThatItShouldEnd() {
    Tool<TaskRunTest.Lookup> waits = Tool.builder("get_order", TaskRunTest.Lookup.class, (input, call) -> {
      assertFalse(call.isCancelled());
      assertTrue(call.cancellation().await(Duration.ofSeconds(60)));
      calls.add(call.cancellation().reason());
      return "done all the same";
    }).once().build();
    try (Bench bench = new Bench(waits)) {
      bench.link
          .answers(Verb.CLAIM, grant("get_order", TaskRunTest.ORDER, true, grant -> grant.setDeadline(
              Times.toProto(Instant.ofEpochMilli(Bench.GRANTED_MS + 20)))))
          .answers(Verb.COMPLETE, ACCEPTED);
      assertEquals("\"done all the same\"", bench.run().completed().getResultJson());
      assertTrue(calls.get(0).contains("deadline"), calls.toString());
    }
  }
}
