// What a gateway asks of the bus, whatever carries it: requests, subscriptions, and whether it is there.

/** What became of a request. Nothing of it is an exception: each needs its own next step. */
export type Outcome =
  | { readonly kind: "answered"; readonly data: Uint8Array }
  /** The bus said at once that nobody listens on the subject. */
  | { readonly kind: "nobody" }
  /** No answer within the time; it may have been carried out. */
  | { readonly kind: "late" }
  /** The connection was lost meanwhile; it may have been carried out. */
  | { readonly kind: "disconnected" }
  /** The client could not send it, and would not the next time either. */
  | { readonly kind: "failed"; readonly cause: unknown }
  | { readonly kind: "aborted" };

export interface Bus {
  readonly connected: boolean;
  /** Bytes of the largest message that it takes. */
  readonly maxPayload: number;
  /** Never rejects. */
  request(subject: string, data: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<Outcome>;
  /** Sends without an answer; while the connection is away nothing is sent. */
  publish(subject: string, data: Uint8Array): void;
  /** Messages of a subject until the returned function is called; survives reconnections. */
  subscribe(subject: string, onMessage: (data: Uint8Array) => void): () => void;
  /** Calls back at each loss and each return of the connection, until the returned function is called. */
  onChange(listener: (connected: boolean) => void): () => void;
  /** Whether the connection is there, or comes back within the time. */
  untilConnected(timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}
