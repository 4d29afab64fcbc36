// Takes uses of standing grants for the calls of a reply, before it is stored.
//
// Which calls wait for people, and which grants fit them, the core says: the reply is decided once without grants, for
// nothing but that. A use is written into the audit before the run goes on with it; so two orchestrators never have the
// same one (audit/grant-ledger.ts). Whatever goes wrong between wastes a use, and a person is asked.
import { AgentspanError, type Logger, type Signing, systemTime, type Time } from "@agentspan/internal";
import type { AgentCatalog } from "./agent-catalog.js";
import type { GrantLedger, UsedFor } from "./audit/grant-ledger.js";
import type { Clock } from "./clock.js";
import { type Context, DEFAULT_TIMING, decide, type GrantUse, type Run, type TakeModelReply } from "./core/index.js";
import { grantProblem, useOf } from "./grant-terms.js";
import type { GrantStore, StandingGrant } from "./ports.js";
import { textFunctions } from "./text-functions.js";

export interface StandingGrantsOptions {
  readonly store: Pick<GrantStore, "liveGrants" | "noteGrantUses">;
  readonly ledger: Pick<GrantLedger, "take">;
  readonly agents: Pick<AgentCatalog, "agentOf">;
  readonly clock: Clock;
  /** Whose signatures on grants are believed; absent where orchestrators have no keys. */
  readonly signing?: Signing | undefined;
  readonly log: Logger;
  readonly time?: Time | undefined;
}

/** How long it is remembered that a tool has no grants; a new one counts after that. */
const REMEMBERED_MS = 2_000;
const MOST_REMEMBERED = 10_000;
/** Of one tool, the oldest that can be used. */
const MOST_GRANTS = 100;

export class StandingGrants {
  private readonly none = new Map<string, number>();

  private readonly time: Time;

  constructor(private readonly options: StandingGrantsOptions) {
    this.time = options.time ?? systemTime;
  }

  /** By call. Never rejects: without an answer from the store people are asked. */
  async usesFor(run: Run, command: TakeModelReply): Promise<Readonly<Record<string, GrantUse>>> {
    const tools = new Set(command.reply.calls.map(({ name }) => name));
    try {
      const grants = new Map<string, readonly StandingGrant[]>();
      for (const tool of tools) {
        const live = await this.liveOf(run, tool);
        if (live.length > 0) grants.set(tool, live);
      }
      return grants.size === 0 ? {} : await this.take(run, command, grants);
    } catch (thrown) {
      const { reason } = AgentspanError.from(thrown);
      this.options.log.warn({ runId: run.runId, reason }, "Standing grants could not be asked; people are");
      return {};
    }
  }

  private async liveOf({ namespace, agentName }: Run, toolName: string): Promise<readonly StandingGrant[]> {
    const key = `${namespace}/${agentName}/${toolName}`;
    const now = this.time.monotonic();
    if ((this.none.get(key) ?? Number.NEGATIVE_INFINITY) > now) return [];
    const asked = { namespace, agentName, toolName, now: this.options.clock.now(), limit: MOST_GRANTS };
    const live = await this.options.store.liveGrants(asked);
    if (this.none.size > MOST_REMEMBERED) this.none.clear();
    if (live.length === 0) this.none.set(key, now + REMEMBERED_MS);
    return live;
  }

  private async take(
    run: Run,
    command: TakeModelReply,
    grants: ReadonlyMap<string, readonly StandingGrant[]>,
  ): Promise<Readonly<Record<string, GrantUse>>> {
    const context = await this.contextOf(run);
    const uses: Record<string, GrantUse> = {};
    for (const { callId, tool } of waitingCalls(run, command, context)) {
      for (const grant of grants.get(tool) ?? []) {
        const use = useOf(grant, grant.uses + 1);
        const tried = { ...command, grants: { [callId]: use } };
        if (waitingCalls(run, tried, context).some((call) => call.callId === callId)) continue;
        const taken = this.isBelieved(grant)
          ? await this.takeOne(grant, { usedBy: run.runId, call: callId })
          : undefined;
        if (taken === undefined) continue;
        uses[callId] = useOf(grant, taken);
        break;
      }
    }
    return uses;
  }

  private async takeOne(grant: StandingGrant, usedFor: UsedFor): Promise<number | undefined> {
    const { store, ledger, log } = this.options;
    const { grantId, maxUses } = grant;
    const { taken, uses } = await ledger.take(grant, usedFor);
    // Shown only, and what keeps a grant that is used up from being asked again.
    if (uses !== undefined && uses > grant.uses) {
      await store.noteGrantUses(grant, uses).catch((thrown) => {
        log.warn(
          { grantId, reason: AgentspanError.from(thrown).reason },
          "The uses of a standing grant are shown late",
        );
      });
    }
    if (taken) log.info({ runId: usedFor.usedBy, grantId, use: uses, maxUses }, "A use of a standing grant was taken");
    return taken ? uses : undefined;
  }

  /** A row that somebody wrote into the database is no grant. */
  private isBelieved(grant: StandingGrant): boolean {
    const { signing, log } = this.options;
    const problem = signing && grantProblem(grant, signing);
    if (problem === undefined) return true;
    log.warn({ grantId: grant.grantId, problem }, "A standing grant is not believed, and lets nothing run");
    return false;
  }

  private async contextOf(run: Run): Promise<Context> {
    const { agents, clock } = this.options;
    return {
      ...{ now: clock.now(), by: run.runId, agent: await agents.agentOf(run), timing: DEFAULT_TIMING },
      ...{ entropy: "", jitter: 0, schedule: {}, inlineBytes: 0, totalBytes: 0, text: textFunctions },
    };
  }
}

/** The calls of a reply that people would be asked about. */
function waitingCalls(
  run: Run,
  command: TakeModelReply,
  context: Context,
): readonly { callId: string; tool: string }[] {
  const result = decide(run, command, context);
  if (result.type === "rejection") return [];
  return result.events.flatMap(({ fact }) =>
    fact.type === "waiting" && fact.kind === "APPROVAL" ? [{ callId: fact.callId, tool: fact.tool }] : [],
  );
}
