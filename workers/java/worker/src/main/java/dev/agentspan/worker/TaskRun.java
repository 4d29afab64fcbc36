package dev.agentspan.worker;

import dev.agentspan.v1.ReleaseReason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task from its hint to its answered outcome, in one thread. The order is the contract's:
 *
 * <ol>
 *   <li>the nonce is in hand, and so in every heartbeat, before the claim that carries it is sent;
 *   <li>the hint is acknowledged as soon as the claim is answered, either way: only the server tries again. It is put
 *       back where the server must be told of this worker first;
 *   <li>checks, the worker's own schema among them, come between grant and beginning; the age of a guarded grant last,
 *       with nothing waited for between it and the call;
 *   <li>what has begun is completed, never released; what has not is released, never completed.
 * </ol>
 */
final class TaskRun {
  private static final Logger LOG = LoggerFactory.getLogger(TaskRun.class);

  private TaskRun() {}

  /** Returns when the server has answered for the task. Throws WorkerEndedException where the worker ends first. */
  static void run(WorkerParts parts, TaskInHand task) {
    Claimed claimed = Claim.of(parts, task, Claim.Of.CALL);
    if (claimed instanceof Claimed.AskProbe) {
      ProbeRun.run(parts, task);
    } else if (claimed instanceof Claimed.AskPreview) {
      PreviewRun.run(parts, task);
    } else if (claimed instanceof Claimed.Unregistered) {
      task.giveHintsBack();
    } else {
      task.acknowledgeHints();
      if (claimed instanceof Claimed.Granted granted) {
        run(parts, task, task.tool(), granted);
      } else {
        LOG.debug("A claim was refused: {}  {}", claimed, task);
      }
    }
  }

  private static <I> void run(WorkerParts parts, TaskInHand task, Tool<I> tool, Claimed.Granted granted) {
    Objection objection = GrantCheck.objectionTo(granted.grant(), task, parts);
    if (objection != null) {
      LOG.error("A grant was refused: {}  {}", objection.detail(), task);
      Report.release(parts, task, objection, granted.orchestratorId());
      return;
    }
    I input;
    try {
      input = tool.read(granted.grant().getArgumentsJson());
    } catch (ArgumentsException error) {
      // What the error says may have values in it.
      LOG.warn("The tool's schema here refuses the arguments  at={} {}", error.places(), task);
      Objection unfit = new Objection(ReleaseReason.RELEASE_REASON_INCOMPATIBLE, error.getMessage());
      Report.release(parts, task, unfit, granted.orchestratorId());
      return;
    }
    Objection late = againstBeginning(parts, task, granted);
    if (late != null) {
      Report.release(parts, task, late, granted.orchestratorId());
      return;
    }
    task.begin();
    Report.complete(parts, task, Execution.of(parts, task, tool, input, granted), granted);
  }

  private static Objection againstBeginning(WorkerParts parts, TaskInHand task, Claimed.Granted granted) {
    if (parts.draining().isSet()) {
      return new Objection(ReleaseReason.RELEASE_REASON_SHUTTING_DOWN, "the worker is shutting down");
    }
    if (task.cancellation().isCancelled()) {
      return new Objection(ReleaseReason.RELEASE_REASON_TOO_LATE, "told to stop before it began");
    }
    return GrantCheck.isGuarded(granted.grant(), task) ? GrantCheck.tooLate(granted.sentAt(), parts.clock()) : null;
  }
}
