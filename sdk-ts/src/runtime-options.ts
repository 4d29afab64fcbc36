import type { Duration } from "./duration.js";
import type { Logger } from "./logger.js";
import type { OptionKinds } from "./option-check.js";
import type { ApiKey } from "./rpc/credential.js";
import type { WorkerTestHooks } from "./worker/test-hooks.js";

export interface RuntimeOptions {
  /** The gateway; AGENTSPAN_SERVER_URL, or http://127.0.0.1:6767, unless said. */
  readonly url?: string;
  /** "grpc://host:6768": speak to the server's gRPC-only port instead, which costs a client less for each call. */
  readonly grpcUrl?: string;
  /** The bus that tools are served over; AGENTSPAN_NATS_URL, NATS_URL or nats://127.0.0.1:4222 unless said. */
  readonly natsUrl?: string;
  /**
   * An API key, or a token of your identity provider; AGENTSPAN_API_KEY unless said. A function is asked before each call
   * and each stream, so that a token can be renewed: give what you have while it is good.
   */
  readonly apiKey?: ApiKey;
  /** Sent with every call to the gateway. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a call is repeated while the server is unavailable; 30 s unless said. */
  readonly retryFor?: Duration;
  /**
   * A file with the public keys of orchestrators; AGENTSPAN_TRUSTED_KEYS_FILE unless said. With it no tool begins here
   * without a grant that one of them has signed, for this very call. Without either, grants are not checked for that.
   */
  readonly trustedKeysFile?: string;
  /**
   * What `agentspan worker credentials` made for this worker: its login at NATS, its id where it is for one alone, and the
   * permit that it registers with. AGENTSPAN_WORKER_CREDENTIALS_FILE unless said; none is needed where nobody asks.
   */
  readonly credentialsFile?: string;
  /** Whose tasks are served; "default" unless said. */
  readonly namespace?: string;
  /** Letters, digits, '_' and '-'; made of the host's name and chance unless said. */
  readonly workerId?: string;
  /** Calls in hand at once; 16 unless said. */
  readonly concurrency?: number;
  /** How long shutdown lets running tools finish; 25 s unless said. */
  readonly grace?: Duration;
  readonly logger?: Logger;
  /** For tests only: points of a task's life at which a test may hold or end it. */
  readonly testHooks?: WorkerTestHooks;
}

export const RUNTIME_OPTIONS: OptionKinds<RuntimeOptions> = {
  url: "text",
  grpcUrl: "text",
  natsUrl: "text",
  trustedKeysFile: "text",
  credentialsFile: "text",
  apiKey: "key",
  headers: "texts",
  retryFor: "duration",
  namespace: "text",
  workerId: "text",
  concurrency: "count",
  grace: "duration",
  logger: "object",
  testHooks: "object",
};
