// Where the processes of workers, orchestrators and gateways are kept, and what workers serve.
import type { RegistrationPermit } from "@agentspan/internal";
import type { OwnerDemand, PreviewTerms } from "../core/agent.js";

/** What the owner of a tool said when a worker registered it. */
export interface ToolRegistration extends OwnerDemand {
  readonly namespace: string;
  readonly queue: string;
  readonly tool: string;
  readonly inputSchema: string;
}

/** Keeps what tools' owners say of them. */
export interface ToolStore {
  /** The newest registration of a tool replaces the one before. */
  putTools(tools: readonly ToolRegistration[]): Promise<void>;
  /** Where a registration cannot be read, the most that it could demand. */
  getTools(namespace: string, tools: readonly { queue: string; tool: string }[]): Promise<readonly ToolRegistration[]>;
}

/** A tool at the place where workers take its tasks. */
export interface ToolPlace {
  readonly namespace: string;
  readonly queue: string;
  readonly tool: string;
}

/** A tool as one incarnation of a worker serves it. */
export interface ServedTool {
  readonly queue: string;
  readonly tool: string;
  /** What it demands and brings, as OwnerDemand has it. */
  readonly approval?: true;
  readonly once?: true;
  readonly probe?: true;
  readonly enforcesKey?: true;
  readonly preview?: PreviewTerms;
}

/** What a worker says of itself when it registers first, and when that was: for people, and signed by nobody. */
export interface WorkerAbout {
  readonly language: string;
  readonly sdkVersion: string;
  /** Milliseconds since the epoch. */
  readonly registeredAt: number;
}

/** One incarnation of a process, as the judge of leases sees it. */
export interface Instance {
  /** Fresh for each start of a process. */
  readonly incarnation: string;
  readonly kind: "orchestrator" | "worker";
  /** Worker id or orchestrator id, for people. */
  readonly name: string;
  readonly namespace: string;
  /** One more with each sign of life. */
  readonly counter: number;
  /** Nonces of the tasks in hand, or keys of the model calls in hand. */
  readonly inHand: readonly string[];
  /** What a worker serves. */
  readonly tools: readonly ServedTool[];
  /** Of a worker, by the orchestrator that took its registration; absent where orchestrators have no keys. */
  readonly seal?: RegistrationSeal;
  /** Of a worker; absent where it registered with an earlier version. */
  readonly about?: WorkerAbout;
  /** Of an orchestrator that signs. */
  readonly keys?: InstanceKeys;
  /** By the store's clock, milliseconds; set by the adapter on reading. Shown to people, never judged by. */
  readonly seenAt?: number;
}

/** An instance without what it serves, which may be a thousand tools: so it is looked at each second. */
export type SignOfLife = Omit<Instance, "tools" | "seal" | "about">;

export interface KeptInstances {
  readonly instances: readonly SignOfLife[];
  /** Incarnations that are there and of which nothing can be told. */
  readonly unreadable: readonly string[];
}

/** A worker as it registered. */
export type RegisteredWorker = Pick<Instance, "incarnation" | "name" | "namespace" | "tools" | "seal" | "about">;

/** What was signed of a registration beside the worker, its namespace and its tools, and the signature. */
export interface RegistrationSeal {
  /** When it was taken, milliseconds since the epoch. */
  readonly at: number;
  /** With which it was taken, where workers are asked for one. */
  readonly permit?: RegistrationPermit;
  readonly keyId: string;
  /** In base64url. */
  readonly signature: string;
}

/** Key ids: which an orchestrator signs with, and whose signatures as an orchestrator it believes. */
export interface InstanceKeys {
  readonly signing: string;
  readonly trusted: readonly string[];
}

/** Keeps signs of life, apart from the runs' writes. */
export interface InstanceStore {
  /**
   * Keeps what a worker serves from now on, whatever it has in hand; one that is not there yet begins at the counter 0. What
   * it says of itself is kept as it said so first.
   * Resolves to false, and changes nothing, where the incarnation is that of another process.
   */
  registerWorker(worker: RegisteredWorker): Promise<boolean>;
  /**
   * Writes each; a lower counter than the stored one changes nothing. What it is and serves is taken of one alone that is
   * not there yet: whoever takes a sign of life may know of an older registration. Resolves when stored.
   */
  beat(instances: readonly Instance[]): Promise<void>;
  /** Rejects with ROW_UNREADABLE. A worker whose registration cannot be read is there, and serves nothing. */
  readInstance(incarnation: string): Promise<Instance | undefined>;
  /** Of every instance that is kept. */
  readInstances(): Promise<KeptInstances>;
  /** Those seen within the time, for people; one whose registration cannot be read serves nothing. */
  liveWorkers(namespace: string, withinMs: number): Promise<readonly Instance[]>;
  /** Takes out what was not seen for the time. */
  forgetInstances(unseenForMs: number): Promise<void>;
  removeInstance(incarnation: string): Promise<void>;
}
