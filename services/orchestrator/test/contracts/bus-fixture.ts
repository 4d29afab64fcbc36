// What the bus contract needs of a carrier: buses, clients that are no buses, and outages.
import type { Logger } from "@agentspan/internal";
import type { ResponderLimits } from "../../src/bus/responder.js";
import type { Bus, IdentityStore } from "../../src/ports.js";

export interface BusFixtureOptions {
  /** Hints that the work queue holds. */
  readonly mostHints?: number;
  /** Milliseconds after which an unacknowledged hint comes again. */
  readonly ackWaitMs?: number;
  readonly limits?: Partial<ResponderLimits>;
  readonly logger?: Logger;
}

export interface BusFixture {
  /** Bytes of this process that a stored hint may cost: none where the broker is a process of its own. */
  readonly bytesOfHint: number;
  /** One more orchestrator's bus at the same broker; one that marks no queue where no database is named. */
  connect(database?: IdentityStore): Promise<Bus>;
  /** One more gateway, worker or stranger at the same broker. */
  client(): Promise<BusClient>;
  /** The broker dies; resolves when the buses have noticed. */
  stopBroker(): Promise<void>;
  /** The broker is there again, with what it had stored or with nothing. */
  startBroker(store: "kept" | "lost"): Promise<void>;
  /** Marks the work queue with the id of a database, over the heads of those who use it. */
  giveQueueTo(id: string): Promise<void>;
  /** Hints in the work queue, delivered ones included. */
  storedHints(): Promise<number>;
  close(): Promise<void>;
}

export type MakeBusFixture = (options?: BusFixtureOptions) => Promise<BusFixture>;

export interface Answer {
  readonly data: Uint8Array;
  /** Empty where there is none. */
  readonly contentType: string;
}

export interface AskOptions {
  readonly contentType?: string;
  /** Where the answer is taken; a gateway's unless said. */
  readonly inboxPrefix?: string;
  /** Milliseconds; 5,000 unless said. */
  readonly timeoutMs?: number;
}

export interface PulledHint {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly deliveries: number;
  /** Resolves when the broker knows. */
  ack(): Promise<void>;
  /** It is delivered again, after so many milliseconds; at once unless said. */
  giveBack(afterMs?: number): void;
  /** Somebody is still at it. */
  working(): void;
}

/** Speaks to the broker as any process can, without code of the bus. */
export interface BusClient {
  /** Rejects with NoRespondersError or NoAnswerError. */
  ask(subject: string, data: Uint8Array, options?: AskOptions): Promise<Answer>;
  /** Sends with a reply subject of its own choice, and waits for nothing. */
  send(subject: string, data: Uint8Array, reply?: string): void;
  /** Collects what comes on a subject; resolves when it has begun. */
  listen(subject: string): Promise<readonly Uint8Array[]>;
  /** The next hint; undefined where none comes in time. Rejects with NoRespondersError where there is no such consumer. */
  pull(consumer: string, waitMs: number): Promise<PulledHint | undefined>;
}

export class NoRespondersError extends Error {
  override readonly name = "NoRespondersError";
}

export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}
