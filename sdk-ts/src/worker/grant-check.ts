// Why a worker does not begin what it was granted. It trusts no message about its own gates.
import { digestOf, type TrustedKeys } from "@agentspan/internal";
import { type Grant, type Proof, ReleaseReason } from "@agentspan/proto";
import type { Clock, Instant } from "./clock.js";
import { unsignedBecause } from "./grant-signature.js";
import type { TaskInHand } from "./task-in-hand.js";

/** Why a task is handed back. */
export interface Objection {
  readonly reason: ReleaseReason;
  readonly detail: string;
}

/** A guarded task begins within this time of its claim, so that the server may count a lost one as begun or not. */
export const BEGIN_WITHIN_MS = 3_000;

/** Whether a call starts at most once: the stricter of what server and owner say. */
export function isGuarded(grant: Grant, task: TaskInHand): boolean {
  return grant.guarded || task.tool.approvalRequired || task.tool.once;
}

/** Who checks a grant, and whom it believes. */
export interface GrantChecker {
  readonly workerId: string;
  readonly clock: Clock;
  /** Whose signatures count; absent, grants are not signed. */
  readonly trustedKeys?: TrustedKeys | undefined;
}

/** What speaks against a grant as it came; undefined where nothing does. */
export function objectionTo(grant: Grant, task: TaskInHand, checker: GrantChecker): Objection | undefined {
  if (grant.toolName !== task.toolName) {
    const detail = `granted is ${JSON.stringify(grant.toolName)}, served here is ${JSON.stringify(task.toolName)}`;
    return { reason: ReleaseReason.INCOMPATIBLE, detail };
  }
  const unproved = unprovedBecause(grant, task, checker);
  return unproved === undefined ? undefined : { reason: ReleaseReason.NO_PROOF, detail: unproved };
}

function unprovedBecause(
  grant: Grant,
  task: TaskInHand,
  { workerId, clock, trustedKeys: trusted }: GrantChecker,
): string | undefined {
  if (grant.argumentsDigest !== digestOf(grant.argumentsJson)) return "the arguments are not those of the digest";
  const { proof } = grant;
  if (proof === undefined) {
    if (isGuarded(grant, task)) return "the tool is guarded and the grant has no proof";
    // A plain one as well: whoever takes the proof away may have taken away that the call is guarded.
    return trusted === undefined ? undefined : "the grant has no proof, and only signed ones count here";
  }
  if (task.tool.approvalRequired && proof.approvalId === "")
    return "the tool needs an approval and the proof names none";
  const bound: Pick<Proof, "runId" | "callId" | "attempt" | "nonce" | "workerId" | "argumentsDigest"> = {
    runId: task.runId,
    callId: task.callId,
    attempt: task.attempt,
    nonce: task.nonce,
    workerId,
    argumentsDigest: grant.argumentsDigest,
  };
  const names = Object.keys(bound) as (keyof typeof bound)[];
  const other = names.find((name) => proof[name] !== bound[name]);
  if (other !== undefined) return `the proof is bound to another ${other}`;
  return trusted && unsignedBecause(grant, proof, task, { trusted, workerId, wallMs: clock.wall() });
}

/** Whether a guarded grant is too old to begin, by either clock. A date that went back tells nothing of its age. */
export function tooLate(sentAt: Instant, clock: Clock): Objection | undefined {
  const monotonicMs = clock.monotonic() - sentAt.monotonicMs;
  const wallMs = clock.wall() - sentAt.wallMs;
  if (monotonicMs <= BEGIN_WITHIN_MS && wallMs <= BEGIN_WITHIN_MS && wallMs >= -BEGIN_WITHIN_MS) return undefined;
  const detail = `${Math.round(monotonicMs)} ms after the claim (${Math.round(wallMs)} ms by the date), past ${BEGIN_WITHIN_MS} ms`;
  return { reason: ReleaseReason.TOO_LATE, detail };
}
