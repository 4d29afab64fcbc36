// What is counted for whoever operates this. Nothing here may throw or wait: it is told in the middle of the work.
import type { Usage } from "./core/index.js";
import type { Committed, EngineFigures } from "./engine.js";
import type { Census, StoredRun } from "./ports.js";
import type { SweepFigures } from "./sweeper.js";

export interface Meter {
  /** A transition was committed here: what its events tell is counted. */
  committed(committed: Committed): void;
  /** A gateway's request was answered. The code is OK or one of the contract. */
  answered(method: string, code: string, seconds: number): void;
  /** An attempt at a model call ended; without usage where it failed. */
  modelCalled(model: string, seconds: number, usage: Usage | undefined): void;
  /** A worker may begin with an attempt, from now on (milliseconds since the epoch). */
  granted(stored: StoredRun, attempt: Granted, now: number): void;
  /** What became of one attempt to send a delivery. */
  posted(outcome: "delivered" | "failed" | "dead"): void;
  /** How the store stands; undefined where another process looks, or nobody could. */
  counted(standing: Standing | undefined): void;
  /** Where figures are that are read when somebody comes for them. */
  follow(sources: MeterSources): void;
}

export interface Granted {
  readonly callId: string;
  readonly tool: string;
  readonly nonce: string;
}

export interface MeterSources {
  engine(): EngineFigures;
  sweeper(): SweepFigures;
  /** Model calls in hand. */
  modelCalls(): number;
}

/** How the store stands at an instant. Ages in seconds. */
export interface Standing extends Pick<Census, "runs"> {
  /** Of the run that has waited for people the longest; 0 where none waits. */
  readonly oldestWait: number;
  /** How overdue the most overdue run and delivery are; 0 where none is. */
  readonly overdueRun: number;
  readonly overdueDelivery: number;
}
