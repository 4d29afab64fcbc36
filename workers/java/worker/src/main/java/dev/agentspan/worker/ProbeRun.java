package dev.agentspan.worker;

import dev.agentspan.internal.Digests;
import dev.agentspan.v1.Grant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a tool's probe whether a lost attempt took effect, from the refusal that says so to the answered answer.
 *
 * <p>Nothing of it is guarded: a probe only looks, so it may run late, twice, or beside another worker's. Where it
 * cannot answer nothing is said: the server announces it again, and asks a person when its time is over. What is no
 * clear answer is never taken for a no.
 */
final class ProbeRun {
  private static final Logger LOG = LoggerFactory.getLogger(ProbeRun.class);

  private ProbeRun() {}

  /** Returns when the server has answered, or nothing is to be said. */
  static void run(WorkerParts parts, TaskInHand task) {
    if (!task.tool().hasProbe() || parts.draining().isSet()) {
      task.giveHintsBack();
      return;
    }
    Claimed claimed = Claim.of(parts, task, Claim.Of.PROBE);
    if (claimed instanceof Claimed.Unregistered) {
      task.giveHintsBack();
      return;
    }
    task.acknowledgeHints();
    if (!(claimed instanceof Claimed.Granted granted)) {
      LOG.debug("A claim of a probe was refused: {}  {}", claimed, task);
      return;
    }
    task.begin();
    Outcome outcome;
    try {
      outcome = ask(parts, task, task.tool(), granted.grant());
    } catch (Throwable error) { // Whatever an author's code throws, the probe has not answered.
      LOG.error("A probe gave no answer; it will be asked again: {}  {}", Outcome.words(error), task);
      return;
    }
    Report.complete(parts, task, outcome, granted);
  }

  private static <I> Outcome ask(WorkerParts parts, TaskInHand task, Tool<I> tool, Grant grant) throws Exception {
    if (!grant.getProbe() || !grant.getToolName().equals(tool.name())) {
      throw new IllegalStateException("The server granted something else than a probe.");
    }
    if (!Digests.of(grant.getArgumentsJson()).equals(grant.getArgumentsDigest())) {
      throw new IllegalStateException("The arguments are not of their digest.");
    }
    I input = tool.read(grant.getArgumentsJson());
    ProbeCall call = new ProbeCall(
        task.runId(), task.callId(), task.attempt(), grant.getIdempotencyKey(), task.cancellation());
    return answered(ToolThread.call(task, true, () -> tool.probe(input, call)), parts.link().maxPayload());
  }

  /** What a probe returned, as the server is told. */
  static Outcome answered(ProbeAnswer answer, long maxPayload) throws Outcome.NoResultException {
    var told = dev.agentspan.v1.ProbeAnswer.newBuilder();
    if (answer instanceof ProbeAnswer.Happened happened) {
      told.setVerdict(dev.agentspan.v1.ProbeVerdict.PROBE_VERDICT_HAPPENED)
          .setResultJson(Outcome.resultText(happened.result(), true, maxPayload));
    } else if (answer instanceof ProbeAnswer.DidNotHappen) {
      told.setVerdict(dev.agentspan.v1.ProbeVerdict.PROBE_VERDICT_DID_NOT_HAPPEN);
    } else if (answer instanceof ProbeAnswer.Unknown) {
      told.setVerdict(dev.agentspan.v1.ProbeVerdict.PROBE_VERDICT_UNKNOWN);
    } else {
      throw new IllegalStateException("A probe returns a ProbeAnswer, and not null.");
    }
    if (answer.detail() != null) {
      told.setDetail(Limits.cut(answer.detail(), Limits.MESSAGE_BYTES));
    }
    return new Outcome("probe", request -> request.setProbeAnswer(told));
  }
}
