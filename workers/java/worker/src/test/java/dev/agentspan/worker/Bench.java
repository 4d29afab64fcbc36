package dev.agentspan.worker;

import com.google.protobuf.ByteString;
import dev.agentspan.internal.Digests;
import dev.agentspan.signing.TrustedKeys;
import dev.agentspan.v1.ClaimResponse;
import dev.agentspan.v1.CompleteRequest;
import dev.agentspan.v1.CompleteResponse;
import dev.agentspan.v1.CompletionStatus;
import dev.agentspan.v1.Grant;
import dev.agentspan.v1.Proof;
import dev.agentspan.v1.Refusal;
import dev.agentspan.v1.RefusalReason;
import dev.agentspan.v1.ReleaseRequest;
import dev.agentspan.v1.ReleaseResponse;
import dev.agentspan.v1.TaskHint;
import dev.agentspan.v1.WorkerError;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;

/** One task of one tool, against answers that are written down. */
final class Bench implements AutoCloseable {
  static final String RUN = "run_1";
  static final String CALL = "t1c1";
  static final String WORKER = "worker-1";
  static final String NONCE = "3b1f0c8e9a5d4b7786d2f0a1c4e5b697";
  static final long GRANTED_MS = 1_798_761_600_250L;
  static final CompleteResponse ACCEPTED = CompleteResponse.newBuilder()
      .setStatus(CompletionStatus.COMPLETION_STATUS_ACCEPTED)
      .build();
  static final ReleaseResponse RELEASED = ReleaseResponse.newBuilder().setReleased(true).build();

  final FakeLink link = new FakeLink();
  final Signal draining = new Signal();
  final Signal ended = new Signal();
  final List<String> registered = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();
  private final Tool<?> tool;
  private TrustedKeys trusted;
  private String runId = RUN;
  private String callId = CALL;
  // It stands still unless a test moves it.
  private Clock.Moment now = new Clock.Moment(100_000_000_000L, GRANTED_MS);
  private TaskInHand task;

  Bench(Tool<?> tool) {
    this.tool = tool;
  }

  Bench trusting(String keys) {
    trusted = TrustedKeys.of(keys);
    return this;
  }

  Bench of(String run, String call) {
    runId = run;
    callId = call;
    return this;
  }

  void move(long monotonicMillis, long wallMillis) {
    now = new Clock.Moment(now.monotonicNanos() + monotonicMillis * 1_000_000, now.wallMillis() + wallMillis);
  }

  TaskInHand task() {
    if (task == null) {
      TaskHint hint = TaskHint.newBuilder()
          .setRunId(runId)
          .setCallId(callId)
          .setAttempt(1)
          .setOrchestratorId("orc_1")
          .build();
      task = new TaskInHand(hint, tool, new TaskMessage(link, "$JS.ACK.x", hint.toByteArray()), NONCE);
    }
    return task;
  }

  WorkerParts parts() {
    WorkerParts.Registration registration = new WorkerParts.Registration() {
      @Override
      public void soon() {
        registered.add("soon");
      }

      @Override
      public void now() {
        registered.add("now");
      }
    };
    return new WorkerParts(
        new WorkerIdentity(WORKER, "inc_1", "default"), link, () -> now, threads, timers, trusted, null, registration,
        draining, ended);
  }

  Bench run() {
    TaskRun.run(parts(), task());
    return this;
  }

  ReleaseRequest released() {
    List<ReleaseRequest> requests = link.requests(Verb.RELEASE, ReleaseRequest.class);
    List<CompleteRequest> completed = link.requests(Verb.COMPLETE, CompleteRequest.class);
    if (requests.size() != 1 || !completed.isEmpty()) {
      throw new AssertionError(link.asked().toString());
    }
    return requests.get(0);
  }

  CompleteRequest completed() {
    List<CompleteRequest> requests = link.requests(Verb.COMPLETE, CompleteRequest.class);
    if (requests.size() != 1 || !link.requests(Verb.RELEASE, ReleaseRequest.class).isEmpty()) {
      throw new AssertionError(link.asked().toString());
    }
    return requests.get(0);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    timers.shutdownNow();
  }

  /** The grant of a call, which somebody approved where it is guarded. */
  static ClaimResponse grant(String tool, String arguments, boolean guarded, Consumer<Grant.Builder> changes) {
    Grant.Builder grant = Grant.newBuilder()
        .setToolName(tool)
        .setArgumentsJson(arguments)
        .setArgumentsDigest(Digests.of(arguments))
        .setIdempotencyKey(RUN + "-" + CALL)
        .setGuarded(guarded);
    if (guarded) {
      grant.setProof(Proof.newBuilder()
          .setRunId(RUN)
          .setCallId(CALL)
          .setAttempt(1)
          .setNonce(NONCE)
          .setWorkerId(WORKER)
          .setArgumentsDigest(Digests.of(arguments))
          .setApprovalId("apr_1")
          .setDecisionId("dec_1")
          .setSignature(ByteString.EMPTY)
          .setGrantedAt(Times.toProto(Instant.ofEpochMilli(GRANTED_MS)))
          .setExpiresAt(Times.toProto(Instant.ofEpochMilli(GRANTED_MS + 30_000))));
    }
    changes.accept(grant);
    return ClaimResponse.newBuilder().setGrant(grant).setOrchestratorId("orc_2").build();
  }

  static ClaimResponse refusal(RefusalReason reason) {
    return ClaimResponse.newBuilder().setRefusal(Refusal.newBuilder().setReason(reason)).build();
  }

  /** That something was not carried out. */
  static WorkerError error(String reason) {
    return WorkerError.newBuilder().setReason(reason).setMessage("in words").build();
  }
}
