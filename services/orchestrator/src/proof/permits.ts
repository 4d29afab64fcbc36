// Whether a worker may serve what it registers, where the installation has a key for permits: without, whoever may speak at
// NATS registers any tool, and is then granted its calls.
import { AgentspanError, permitOf, permitProblem, type TrustedKeys } from "@agentspan/internal";
import type { RegisterRequest } from "@agentspan/proto";
import type { Clock } from "../clock.js";

export interface Registering {
  readonly workerId: string;
  readonly namespace: string;
  readonly request: Pick<RegisterRequest, "tools" | "permit">;
}

export class Permits {
  /** Without trusted keys nobody is asked for one. */
  constructor(
    private readonly trusted: TrustedKeys | undefined,
    private readonly clock: Clock,
  ) {}

  /** Throws PERMISSION_DENIED where the worker may not serve its tools. */
  require({ workerId, namespace, request }: Registering): void {
    if (this.trusted === undefined) return;
    const tools = request.tools.map(({ queue, name }) => ({ namespace, queue, name }));
    const use = { workerId, tools, trusted: this.trusted, now: this.clock.now() };
    const problem = permitProblem(request.permit && permitOf(request.permit), use);
    if (problem === undefined) return;
    throw new AgentspanError(
      "PERMISSION_DENIED",
      `Worker ${workerId} may not serve this, because ${problem}. Make credentials for it with: agentspan worker credentials`,
    );
  }
}
