// The calls of one run at one driver, as a scenario of the scripted orchestrator follows them.
import { newId, type WorkerVerb } from "@agentspan/internal";
import type { CompleteRequest, ToolFailure } from "@agentspan/proto";
import { expect } from "vitest";
import {
  attemptOf,
  type Fault,
  type LedgerLine,
  type LinesOf,
  type ScriptedTask,
  type Seen,
  type Serving,
  type World,
} from "../src/index.js";

type TaskVerb = Exclude<WorkerVerb, "register" | "heartbeat">;
type SeenOf<V extends TaskVerb> = Extract<Seen, { verb: TaskVerb }> & Extract<Seen, { verb: V }>;

export type Outcome = CompleteRequest["outcome"];

export class Scene {
  readonly runId = newId("run");
  #calls = 0;

  constructor(
    readonly world: World,
    readonly serving: Serving,
  ) {}

  /** At the driver that scenarios share. */
  static async atResident(world: World): Promise<Scene> {
    return new Scene(world, await world.resident("bus"));
  }

  /** Announces a call with these arguments, an object or its exact text. */
  announce(tool: string, args: object | string = {}, more: Partial<ScriptedTask> = {}): Promise<ScriptedTask> {
    this.#calls += 1;
    const argumentsJson = typeof args === "string" ? args : JSON.stringify(args);
    const { queue } = this.serving;
    return this.world.bus.announce({
      runId: this.runId,
      callId: `c${this.#calls}`,
      queue,
      tool,
      argumentsJson,
      ...more,
    });
  }

  /** What the driver wrote of a call, or of the run. */
  lines(of: LinesOf, task?: ScriptedTask): readonly LedgerLine[] {
    const { runId } = this;
    return this.world.ledger.lines({ runId, ...of, ...(task && { callId: task.callId }) });
  }

  /** The line of a step, once it is there. */
  step(step: LedgerLine["step"], task: ScriptedTask): Promise<LedgerLine> {
    return this.world.until(`${task.tool} ${attemptOf(task)} has written ${step}`, () => this.lines({ step }, task)[0]);
  }

  /** The outcome that counted, once it is there. */
  outcome(task: ScriptedTask): Promise<Outcome> {
    return this.world.until(`${task.tool} ${attemptOf(task)} has an outcome`, () => this.world.bus.outcome(task));
  }

  /** The JSON text of its result. */
  async result(task: ScriptedTask): Promise<string> {
    const outcome = await this.outcome(task);
    if (outcome.case !== "resultJson") throw new Error(`It has no result: ${JSON.stringify(outcome)}`);
    return outcome.value;
  }

  async failure(task: ScriptedTask): Promise<ToolFailure> {
    const outcome = await this.outcome(task);
    if (outcome.case !== "failure") throw new Error(`It has not failed: ${JSON.stringify(outcome)}`);
    return outcome.value;
  }

  /** Requests about a call, in the order in which they came. */
  requests<V extends TaskVerb>(verb: V, task: ScriptedTask): readonly SeenOf<V>[] {
    return this.world.bus.seen.filter((seen): seen is SeenOf<V> => {
      return isOf(verb, seen) && attemptOf(seen.request) === attemptOf(task);
    });
  }

  /** The driver's heartbeats, in their order. */
  heartbeats(): readonly Extract<Seen, { verb: "heartbeat" }>[] {
    return this.world.bus.of("heartbeat").filter(({ request }) => request.workerId === this.serving.workerId);
  }

  /** What becomes of the requests about a call; `nth` is from 1, of those that its rule was asked about. */
  rule<V extends TaskVerb>(
    verb: V,
    task: Pick<ScriptedTask, "callId" | "attempt">,
    fault: (seen: SeenOf<V>, nth: number) => Fault | Promise<Fault>,
  ): void {
    let nth = 0;
    const attempt = attemptOf({ ...task, runId: this.runId });
    this.world.bus.rule((seen) => {
      if (!isOf(verb, seen) || attemptOf(seen.request) !== attempt) return undefined;
      nth += 1;
      return fault(seen, nth);
    });
  }

  /** Resolves when so many more heartbeats have come. */
  async moreHeartbeats(count: number): Promise<void> {
    const before = this.heartbeats().length;
    await this.world.until(`${count} more heartbeats came`, () => this.heartbeats().length >= before + count);
  }

  /** Shows that the driver takes and ends another call. */
  async servesOn(): Promise<void> {
    const task = await this.announce("plain");
    expect(JSON.parse(await this.result(task))).toEqual({ done: "plain", attempt: 1 });
  }
}

function isOf<V extends TaskVerb>(verb: V, seen: Seen): seen is SeenOf<V> {
  return seen.verb === verb;
}
