package dev.agentspan.worker;

import dev.agentspan.v1.Grant;

/** What becomes of a claim. */
sealed interface Claimed {
  /**
   * The attempt is this worker's.
   *
   * @param orchestratorId asked first from now on
   * @param sentAt when the claim was first sent; a guarded grant ages from then
   */
  record Granted(Grant grant, String orchestratorId, Clock.Moment sentAt) implements Claimed {}

  /** Nothing is to be done, or nothing now. */
  record Refused(String why) implements Claimed {}

  /** The server knows of no registration of this tool here (any more). It is told again, and then may grant it. */
  record Unregistered() implements Claimed {}

  /** All that is asked is whether the attempt took effect. */
  record AskProbe() implements Claimed {}

  /** All that is asked is what the call would do. */
  record AskPreview() implements Claimed {}
}
