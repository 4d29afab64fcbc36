// A call as every probe is told it, and what it tells of it.
import type { JsonObject } from "@bufbuild/protobuf";

export type Kind = "unary" | "server_streaming" | "bidi_streaming";

/** Messages are in protobuf's JSON form, and each stack reads and writes that form with its own library. */
export interface Call {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** "/agentspan.v1.RunService/Start". */
  readonly path: string;
  readonly kind: Kind;
  /** Names of the message types. */
  readonly input: string;
  readonly output: string;
  /** One, but of a conversation. */
  readonly requests: readonly JsonObject[];
  /** Milliseconds. */
  readonly deadlineMs?: number;
  /** The request is sent compressed. */
  readonly gzip?: boolean;
  /** Over a connection of its own, on which the client pings so often that it is still there; milliseconds. */
  readonly pingEveryMs?: number;
}

/** How a call ended: with gRPC's name of the code. Details are google.protobuf.Any in JSON form. */
export interface End {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly JsonObject[];
}

/** A client of one stack. */
export interface Probe {
  begin(call: Call): Ongoing;
  stop(): Promise<void>;
}

/** A call that has begun. */
export class Ongoing {
  /** The answers so far. */
  readonly messages: JsonObject[] = [];
  /** Never rejects: what is no end of a call has the code PROBE. */
  readonly end: Promise<End>;
  #ended: (end: End) => void = () => undefined;
  #over = false;
  readonly #waiting = new Set<() => void>();

  /** `cancel` tells the client to give the call up. */
  constructor(readonly cancel: () => void = () => undefined) {
    this.end = new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  /** Resolves once so many answers have come, or the call has ended. */
  async arrived(count: number): Promise<void> {
    while (this.messages.length < count && !this.#over) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  tell(message: JsonObject): void {
    this.messages.push(message);
    this.#wake();
  }

  finish(end: End): void {
    this.#over = true;
    this.#ended(end);
    this.#wake();
  }

  /** The probe itself failed. */
  fail(error: unknown): void {
    this.finish({ code: "PROBE", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
