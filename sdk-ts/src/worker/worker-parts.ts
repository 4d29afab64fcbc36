import type { TrustedKeys } from "@agentspan/internal";
import type { WorkerPermit } from "@agentspan/proto";
import type { Logger } from "../logger.js";
import type { Clock } from "./clock.js";
import type { NatsLink } from "./nats-link.js";
import type { WorkerTestHooks } from "./test-hooks.js";

/** Who speaks, in every request. */
export interface WorkerIdentity {
  readonly workerId: string;
  /** Fresh for each start: leases hang on it. */
  readonly incarnation: string;
  readonly namespace: string;
}

/** What each step of a task's life needs. */
export interface WorkerParts {
  readonly identity: WorkerIdentity;
  readonly link: NatsLink;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly hooks: WorkerTestHooks;
  /** Whose signatures on grants count; absent where they are not signed. */
  readonly trustedKeys?: TrustedKeys | undefined;
  /** That it may serve its tools; absent where it has none to show. */
  readonly permit?: WorkerPermit | undefined;
  /** In the background: the server has forgotten this worker, or may have. */
  readonly registerSoon: () => void;
  /** Resolves when the server knows what is served here; also while the worker shuts down. Throws where it refuses. */
  readonly registerNow: () => Promise<void>;
  /** Aborts when shutdown waits no longer: what is still unanswered stays so. */
  readonly ended: AbortSignal;
}
