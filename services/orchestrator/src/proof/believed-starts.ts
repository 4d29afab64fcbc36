// Who started a run, for whom, under which definition and labels: what its state says of that is held to what was signed
// when it started. Everything that its policies ask is asked of this.
import type { Signing } from "@agentspan/internal";
import type { Run, RunEvent } from "../core/index.js";
import { runText } from "./signed-facts.js";

export type FindEvent = (sequence: number) => Promise<RunEvent | undefined>;

/** Runs whose start was verified lately. A start never changes, so it is verified once. */
const MOST_STARTS = 4_096;

export class BelievedStarts {
  /** The texts that were verified, by run. */
  private readonly texts = new Map<string, string>();

  constructor(private readonly signing: Signing) {}

  /** Why a run's start is not believed, in words that follow "because"; undefined where it is as it was signed. */
  async problem(run: Run, find: FindEvent): Promise<string | undefined> {
    const text = runText(run, run.startedAt);
    if (this.texts.get(run.runId) === text) return undefined;
    const started = await find(1);
    if (started?.fact.type !== "run_started") return "the start of its run is not there";
    const { signed } = started.fact;
    if (signed === undefined) return "the start of its run is not signed";
    const signature = Buffer.from(signed.signature, "base64url");
    const { keyId } = signed;
    const problem = this.signing.trusted.problem("orchestrators", { text, keyId, signature, at: run.startedAt });
    if (problem !== undefined) return `of the start of its run, ${problem}`;
    this.keep(run.runId, text);
    return undefined;
  }

  private keep(runId: string, text: string): void {
    this.texts.delete(runId);
    this.texts.set(runId, text);
    const [oldest] = this.texts.keys();
    if (this.texts.size > MOST_STARTS && oldest !== undefined) this.texts.delete(oldest);
  }
}
