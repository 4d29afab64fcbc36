// Claims of plain tools that are not in the document yet. A plain claim is stored together with its outcome if that
// comes within a second, and otherwise by itself; until then this memory keeps a second claimant away.
import { AgentspanError, faultPoint, type Logger } from "@agentspan/internal";
import type { Claim } from "./core/index.js";
import type { Engine } from "./engine.js";

const STORE_AFTER_MS = 1_000;

interface Held {
  readonly nonce: string;
  readonly timer: NodeJS.Timeout;
}

export class PlainClaims {
  private readonly held = new Map<string, Held>();

  constructor(
    private readonly engine: Pick<Engine, "execute">,
    private readonly log: Logger,
  ) {}

  isHeldByAnother(runId: string, claim: Claim): boolean {
    const held = this.held.get(keyOf(runId, claim));
    return held !== undefined && held.nonce !== claim.nonce;
  }

  /** False where another claim holds the attempt here. */
  hold(runId: string, claim: Claim): boolean {
    const key = keyOf(runId, claim);
    const held = this.held.get(key);
    if (held !== undefined) return held.nonce === claim.nonce;
    const timer = setTimeout(() => void this.store(runId, claim), STORE_AFTER_MS);
    this.held.set(key, { nonce: claim.nonce, timer });
    return true;
  }

  /** The claim is in the document, or has come to its end. */
  drop(runId: string, task: Pick<Claim, "callId" | "attempt">): void {
    const key = keyOf(runId, task);
    clearTimeout(this.held.get(key)?.timer);
    this.held.delete(key);
  }

  private async store(runId: string, claim: Claim): Promise<void> {
    const { callId, attempt } = claim;
    faultPoint("orchestrator.before-plain-claim");
    try {
      await this.engine.execute(runId, { ...claim, store: true });
    } catch (thrown) {
      // The announcement is still owed, and the worker's next heartbeat stores the claim.
      this.log.warn(
        { runId, callId, attempt, reason: AgentspanError.from(thrown).reason },
        "A claim is not stored yet",
      );
    } finally {
      this.drop(runId, claim);
    }
  }
}

function keyOf(runId: string, { callId, attempt }: Pick<Claim, "callId" | "attempt">): string {
  return `${runId}/${callId}/${attempt}`;
}
