// Claims of plain tools that are not in the document yet. A plain claim is stored together with its outcome if that
// comes within a second, and otherwise by itself; until then this memory keeps a second claimant away.
import { AgentspanError, faultPoint, type Logger, type Time, type Timer } from "@agentspan/internal";
import { type Claim, type ClaimKey, isSameClaim } from "./core/index.js";
import type { Engine } from "./engine.js";

const STORE_AFTER_MS = 1_000;

interface Held {
  readonly runId: string;
  readonly claim: Claim;
  readonly timer: Timer;
}

type Task = ClaimKey & Pick<Claim, "callId">;

export class PlainClaims {
  private readonly held = new Map<string, Held>();

  constructor(
    private readonly engine: Pick<Engine, "execute">,
    private readonly log: Logger,
    private readonly time: Time,
  ) {}

  /** Whether the attempt was granted here to whoever names it so, and that is not stored yet. */
  holds(runId: string, task: Task): boolean {
    const held = this.held.get(keyOf(runId, task));
    return held !== undefined && isSameClaim(held.claim, task);
  }

  isHeldByAnother(runId: string, claim: Task): boolean {
    const held = this.held.get(keyOf(runId, claim));
    return held !== undefined && !isSameClaim(held.claim, claim);
  }

  /**
   * Before somebody says what became of an attempt that another holds here: the claim is put into the document, so that
   * the core knows whose the attempt is. True where the run takes no claim now, and the attempt stays the other's.
   */
  async storeAnothers(runId: string, task: Task): Promise<boolean> {
    const held = this.held.get(keyOf(runId, task));
    if (held === undefined || isSameClaim(held.claim, task)) return false;
    const { answer } = await this.engine.execute(runId, { ...held.claim, store: true });
    if (answer.type === "refused" && answer.reason === "PAUSED") return true;
    this.drop(runId, held.claim);
    return false;
  }

  /** False where another claim holds the attempt here. */
  hold(runId: string, claim: Claim): boolean {
    const held = this.held.get(keyOf(runId, claim));
    if (held === undefined) this.keep(runId, claim);
    return held === undefined || isSameClaim(held.claim, claim);
  }

  /** The claim is in the document, or has come to its end. */
  drop(runId: string, task: Task): void {
    const key = keyOf(runId, task);
    const held = this.held.get(key);
    if (held === undefined || !isSameClaim(held.claim, task)) return;
    held.timer.cancel();
    this.held.delete(key);
  }

  /** Stores at once what is not stored yet: nobody else knows of it. */
  async flush(): Promise<void> {
    const held = [...this.held.values()];
    for (const { runId, claim } of held) this.drop(runId, claim);
    await Promise.all(held.map(({ runId, claim }) => this.store(runId, claim, false)));
  }

  private keep(runId: string, claim: Claim): void {
    const timer = this.time.after(STORE_AFTER_MS, () => void this.store(runId, claim, true));
    this.held.set(keyOf(runId, claim), { runId, claim, timer });
  }

  private async store(runId: string, claim: Claim, again: boolean): Promise<void> {
    const { callId, attempt } = claim;
    faultPoint("orchestrator.before-plain-claim");
    try {
      await this.engine.execute(runId, { ...claim, store: true });
      this.drop(runId, claim);
    } catch (thrown) {
      const { reason, retryable } = AgentspanError.from(thrown);
      // The announcement is still owed, and the worker's next heartbeat stores the claim.
      this.log.warn({ runId, callId, attempt, reason }, "A claim is not stored yet");
      const held = this.held.get(keyOf(runId, claim))?.claim === claim;
      this.drop(runId, claim);
      if (held && again && retryable) this.keep(runId, claim);
    }
  }
}

function keyOf(runId: string, { callId, attempt }: Pick<Task, "callId" | "attempt">): string {
  return `${runId}/${callId}/${attempt}`;
}
