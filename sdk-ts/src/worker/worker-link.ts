// The worker's connection to the bus, whatever carries it.
import type { WorkerVerb } from "@agentspan/internal";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Logger } from "../logger.js";

/** A message as the bus delivers it; one of nats is one. */
export interface LinkMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  /** Of what is a word of the bus itself: 408, nothing came; 503, nobody is there; and so on. */
  readonly headers?: { readonly code: number; readonly description: string };
}

/** It reconnects for ever by itself; what must be repeated is repeated by the callers. */
export interface WorkerLink {
  /** Called each time the connection is back. */
  onReconnect: () => void;
  /** The largest message that the bus takes, bytes. */
  readonly maxPayload: number;
  /**
   * Asks once: that orchestrator, or any. Undefined where no answer came in time, or nobody listens; whether the
   * request was carried out is then not known.
   */
  ask<I extends DescMessage, O extends DescMessage>(
    verb: WorkerVerb,
    messages: readonly [I, O],
    request: MessageShape<I>,
    options: { readonly timeoutMs: number; readonly orchestratorId?: string | undefined },
  ): Promise<MessageShape<O> | undefined>;
  /** Sends without an answer; lost where the connection is. */
  publish(subject: string, body: string, reply?: string): void;
  /** Listens below a fresh inbox of this worker's; survives reconnections. */
  listen(onMessage: (message: LinkMessage) => void): { readonly inbox: string; close(): Promise<void> };
  /** From now to the matching release, the process does not end by itself. */
  hold(): void;
  release(): void;
  /** Sends what is buffered and closes. */
  close(): Promise<void>;
}

/** Opens the one connection of a worker. Throws BUS_UNAVAILABLE where nothing answers within the patience. */
export type OpenLink = (options: {
  readonly workerId: string;
  /** The seed of the worker's NATS user, where it has credentials. */
  readonly seed: string | undefined;
  readonly logger: Logger;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}) => Promise<WorkerLink>;
