// What a stack is made of, unless said otherwise by whoever starts it.
import type { PermittedWorker } from "./permitted-workers.js";

export interface StackOptions {
  readonly orchestrators?: number;
  readonly gateways?: number;
  /** Workers of the queue "desk". */
  readonly workers?: number;
  /** Loads the probe into every service, for `census`. */
  readonly probed?: boolean;
  /** The orchestrator's program, where it is not the one of this build. */
  readonly orchestratorEntry?: string;
  /** A MongoDB that is there already, in place of one of its own. */
  readonly mongoUri?: string | undefined;
  /** A MongoDB that no other stack of this process uses: for whoever kills it or freezes it. */
  readonly ownStore?: boolean;
  /** Where both servers keep their data, which are this stack's own then; a temporary folder unless said. */
  readonly serversDir?: string;
  /** NATS servers that are one cluster, each with a copy of the stream of tasks; one that is alone unless said. */
  readonly natsNodes?: number;
  /** Gateways and orchestrators sign, and workers begin nothing unsigned. */
  readonly signed?: boolean;
  /** The first workers log in at NATS, each with its own rights there. */
  readonly workerLogins?: boolean;
  /**
   * The first workers have credentials, and so have further ones that are named here; orchestrators ask every worker for a
   * permit. Together with `signed`.
   */
  readonly permits?: boolean | readonly PermittedWorker[];
  /** Further settings of every service. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface OrchestratorOptions {
  /** Another way to MongoDB, such as a valve. */
  readonly mongoUri?: string;
  /** Another way to NATS. */
  readonly natsUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface WorkerOptions {
  readonly queues?: readonly string[];
  readonly concurrency?: number;
  /** Another way to NATS. */
  readonly natsUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}
