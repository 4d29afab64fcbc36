// Signs what a worker registered, as it is stored; and says of a stored registration whether it counts.
//
// 1. Where there are keys, a registration lets calls be had of it only with the signature of an orchestrator: whoever
//    writes into the database registers nobody, and nothing more for anybody.
// 2. One that an orchestrator without keys took, or one of an earlier version, counts for nothing then: its worker is told
//    to register again.
// 3. Where workers are asked for a permit, it counts only with one that has not ended: see permits.ts.
import { type Logger, type RegistrationPermit, registrationText, type Signing } from "@agentspan/internal";
import type { Clock } from "../clock.js";
import type { RegisteredWorker, RegistrationSeal, ServedTool, ToolPlace } from "../ports.js";
import type { Permits } from "./permits.js";

export interface RegistrationsOptions {
  /** Without it everything counts that is stored. */
  readonly signing: Signing | undefined;
  readonly permits: Pick<Permits, "problem" | "cover">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Whoever fills the database with rows fills no disk with lines about them. */
const MOST_TOLD = 1_000;

export class Registrations {
  private readonly told = new Set<string>();

  constructor(private readonly options: RegistrationsOptions) {}

  /** As it is stored. `permit` is the one that it was taken with. */
  sealed(worker: Omit<RegisteredWorker, "seal">, permit: RegistrationPermit | undefined): RegisteredWorker {
    const { signing, clock } = this.options;
    if (signing === undefined) return worker;
    const said = { at: clock.now(), ...(permit && { permit }) };
    const signature = Buffer.from(signing.key.sign(textOf(worker, said))).toString("base64url");
    return { ...worker, seal: { ...said, keyId: signing.key.id, signature } };
  }

  /** Why a stored registration counts for nothing, in words that follow "because"; undefined where it may count. */
  problem(worker: RegisteredWorker): string | undefined {
    const problem = this.sealProblem(worker) ?? this.options.permits.problem(worker.seal?.permit);
    if (problem !== undefined) this.tell(worker, problem);
    return problem;
  }

  /** Whether one that may count lets its worker have calls of a tool now. Reads nothing, and takes no time. */
  cover({ name, seal }: Pick<RegisteredWorker, "name" | "seal">, at: ToolPlace): boolean {
    return this.options.permits.cover(name, seal?.permit, at);
  }

  private sealProblem(worker: RegisteredWorker): string | undefined {
    const { signing } = this.options;
    if (signing === undefined) return undefined;
    const { seal } = worker;
    if (seal === undefined) return "it is not signed";
    const signature = Buffer.from(`${seal.signature}`, "base64url");
    return signing.trusted.problem("orchestrators", { ...seal, text: textOf(worker, seal), signature });
  }

  private tell({ incarnation, name }: RegisteredWorker, problem: string): void {
    if (this.told.has(incarnation)) return;
    if (this.told.size >= MOST_TOLD) this.told.clear();
    this.told.add(incarnation);
    this.options.log.warn(
      { incarnation, workerId: name, problem },
      "A stored registration of a worker is not believed",
    );
  }
}

function textOf(
  { incarnation, name: worker, namespace, tools }: Omit<RegisteredWorker, "seal">,
  { at, permit }: Pick<RegistrationSeal, "at" | "permit">,
): string {
  const said = tools.map(toolOf);
  return registrationText({ worker, incarnation, namespace, tools: said, at, ...(permit && { permit }) });
}

function toolOf({ queue, tool, approval, once, probe, enforcesKey, preview }: ServedTool) {
  return {
    queue,
    tool,
    approval: approval === true,
    once: once === true,
    probe: probe === true,
    enforcesKey: enforcesKey === true,
    ...(preview && { preview }),
  };
}
