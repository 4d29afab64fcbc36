// Lets in what a gateway has signed, where there are keys. Whoever can publish on NATS is nobody for that.
import { AgentspanError, envelopeProblem, type Logger, type TrustedKeys } from "@agentspan/internal";
import type { Envelope } from "@agentspan/proto";
import type { Clock } from "../clock.js";

export interface EnvelopeGuardOptions {
  readonly trusted: TrustedKeys;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between two lines of the log, milliseconds; a minute unless said. */
  readonly quietMs?: number;
  readonly monotonic?: () => number;
}

export class EnvelopeGuard {
  private toldAt = Number.NEGATIVE_INFINITY;
  private untold = 0;

  constructor(private readonly options: EnvelopeGuardOptions) {}

  /** Throws PERMISSION_DENIED. */
  require(envelope: Envelope): void {
    const problem = envelopeProblem(envelope, this.options.trusted, this.options.clock.now());
    if (problem === undefined) return;
    this.tell(envelope, problem);
    throw new AgentspanError(
      "PERMISSION_DENIED",
      `The request is not believed to come from a gateway, because ${problem}.`,
    );
  }

  /** Whoever floods us with forgeries fills no disk. */
  private tell({ method, namespace, keyId }: Envelope, problem: string): void {
    const { log, quietMs = 60_000, monotonic = () => performance.now() } = this.options;
    this.untold += 1;
    if (monotonic() - this.toldAt < quietMs) return;
    const fields = {
      method: method.slice(0, 64),
      namespace: namespace.slice(0, 64),
      keyId: keyId.slice(0, 32),
      problem,
    };
    log.warn({ ...fields, since: this.untold }, "A request was refused: no gateway that is trusted has signed it");
    this.toldAt = monotonic();
    this.untold = 0;
  }
}
