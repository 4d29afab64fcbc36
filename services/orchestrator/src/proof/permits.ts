// Whether a worker may serve its tools, where the installation has a key for permits: without, whoever may speak at NATS
// registers any tool, and is then granted its calls.
//
// 1. A permit is asked for when a worker registers, and its end at each claim.
// 2. A newer one of the same worker supersedes an older one, whatever was registered with that: both must name a tool.
import {
  AgentspanError,
  type Logger,
  type Permit,
  permitFault,
  permitLimit,
  permitOf,
  type RegistrationPermit,
  type Time,
  type TrustedKeys,
} from "@agentspan/internal";
import type { RegisterRequest } from "@agentspan/proto";
import type { Clock } from "../clock.js";
import type { PermitStore, ToolPlace } from "../ports.js";
import { NewestPermits } from "./newest-permits.js";

export interface PermitsOptions {
  /** Without trusted keys, and without one for permits, nobody is asked for one. */
  readonly trusted: TrustedKeys | undefined;
  readonly store: PermitStore;
  readonly clock: Clock;
  /** How often those are looked for that were shown to others. */
  readonly intervalMs: number;
  readonly log: Logger;
  readonly time: Time;
}

export interface Registering {
  readonly workerId: string;
  readonly namespace: string;
  readonly request: Pick<RegisterRequest, "tools" | "permit">;
}

export class Permits {
  private readonly asked: { readonly trusted: TrustedKeys; readonly newest: NewestPermits } | undefined;

  constructor(private readonly options: PermitsOptions) {
    const { trusted, ...rest } = options;
    if (trusted?.any("permits") === true) this.asked = { trusted, newest: new NewestPermits({ ...rest, trusted }) };
  }

  /** Resolves when it is known what was shown before. Rejects with STORE_UNAVAILABLE. */
  async start(): Promise<void> {
    await this.asked?.newest.start();
  }

  stop(): void {
    this.asked?.newest.stop();
  }

  /** Reads what workers have shown to others since. */
  async look(): Promise<void> {
    await this.asked?.newest.look();
  }

  /**
   * Which permit lets the worker serve its tools; undefined where nobody is asked for one. Rejects with PERMISSION_DENIED
   * where it may not serve them, and with STORE_UNAVAILABLE.
   */
  async require({ workerId, namespace, request }: Registering): Promise<RegistrationPermit | undefined> {
    if (this.asked === undefined) return undefined;
    const { trusted, newest } = this.asked;
    const now = this.options.clock.now();
    const tools = request.tools.map(({ queue, name }) => ({ namespace, queue, name }));
    if (request.permit === undefined)
      throw denied(workerId, "it shows no permit, and this installation asks workers for one");
    const permit = permitOf(request.permit);
    const fault = permitFault(permit, { workerId, trusted, now });
    if (fault !== undefined) throw denied(workerId, fault);
    // Also where it does not let it serve these tools: then older ones do not either.
    await newest.note(workerId, permit);
    const problem = permitLimit(permit, tools, now) ?? this.superseded(workerId, permit, tools);
    if (problem !== undefined) throw denied(workerId, problem);
    const { keyId, at, until } = permit;
    return { keyId, at, until };
  }

  /** Why a registration with this permit counts for nothing, in words that follow "because"; undefined where it may. */
  problem(permit: RegistrationPermit | undefined): string | undefined {
    if (this.asked === undefined) return undefined;
    if (permit === undefined) return "it was taken without a permit, and this installation asks workers for one";
    const isTrusted = this.asked.trusted.ids("permits", permit.at).includes(permit.keyId);
    return isTrusted ? undefined : `its permit is of key ${permit.keyId}, which permits nothing here`;
  }

  /** Whether what a worker registered with a permit that it may count by lets it have calls of a tool now. Reads nothing. */
  cover(workerId: string, permit: RegistrationPermit | undefined, { namespace, queue, tool }: ToolPlace): boolean {
    if (this.asked === undefined) return true;
    if (permit === undefined || permit.until <= this.options.clock.now()) return false;
    return this.superseded(workerId, permit, [{ namespace, queue, name: tool }]) === undefined;
  }

  /** Why a newer permit of the worker takes a tool away, in words that follow "because". */
  private superseded(
    workerId: string,
    { at }: Pick<Permit, "at">,
    tools: Parameters<typeof permitLimit>[1],
  ): string | undefined {
    const newer = this.asked?.newest.of(workerId);
    if (newer === undefined || newer.at <= at) return undefined;
    const limit = permitLimit(newer, tools, this.options.clock.now());
    return limit && `it has a newer permit, of ${new Date(newer.at).toISOString()}, and ${limit}`;
  }
}

function denied(workerId: string, problem: string): AgentspanError {
  return new AgentspanError(
    "PERMISSION_DENIED",
    `Worker ${workerId} may not serve this, because ${problem}. Make credentials for it with: agentspan worker credentials`,
  );
}
