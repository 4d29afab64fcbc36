// Plays a made-up run against the server's own core: what no server would bring about, it refuses.
import { newId } from "@agentspan/internal";
import { stateOf } from "@agentspan/orchestrator/core";
import type { Agent } from "../../agent.js";
import { KitError } from "../kit-error.js";
import { knownTools } from "../known-tools.js";
import { callsOf, childRunsOf } from "../tested-calls.js";
import type { TestedEvent, TestedRun } from "../tested-run.js";
import type { MockEvent } from "./mock-event.js";
import { MockPlay, StepError } from "./mock-play.js";

/**
 * What a run of the agent would be that goes so. Its tools are not called, no model is asked, and nobody waits: what the
 * model would call, what tools would give and what people would decide is written down. The server's own state machine
 * says what follows, so a call that needs approval has no result before it was decided here either. Throws KitError, with
 * the step, where no run can go so.
 *
 * @example
 * const result = mockRun(agent, "Refund order ORD-8821", {
 *   events: [
 *     MockEvent.toolCall("process_refund", { order_id: "ORD-8821", amount: 29.99 }),
 *     MockEvent.waiting("Waiting for refund approval"),
 *     MockEvent.done("Refund of $29.99 for order ORD-8821 has been processed."),
 *   ],
 * });
 * expect(result).completed().usedTool("process_refund");
 */
export function mockRun(agent: Agent, input: string, options: { readonly events: readonly MockEvent[] }): TestedRun {
  if (!isAgent(agent)) throw new KitError("mockRun() takes an Agent first.");
  if (typeof input !== "string") throw new KitError("mockRun() takes the run's input, a text, second.");
  const events: unknown = options?.events;
  if (!isScript(events))
    throw new KitError("mockRun() takes { events: […] } third: what the functions of MockEvent give.");
  const play = new MockPlay(agent, input, newId("run"));
  /** What the kit alone knows, by the server's event that it comes after. */
  const kitOnly: KitOnly[] = [];
  const steps = [...events.map((event) => () => take(play, event, kitOnly)), () => play.settleTurn()];
  steps.forEach((step, index) => {
    try {
      step();
    } catch (error) {
      if (!(error instanceof KitError)) throw error;
      const at = error instanceof StepError && error.step !== undefined ? events.indexOf(error.step) : index;
      throw new KitError(`${error.message}\n\n${stepLines(events, at)}`);
    }
  });
  return resultOf(play, agent, input, kitOnly);
}

interface KitOnly {
  readonly after: number;
  readonly event: TestedEvent;
}

function take(play: MockPlay, event: MockEvent, kitOnly: KitOnly[]): void {
  if (event.kind === "kitOnly") kitOnly.push({ after: play.lastSequence, event: event.event });
  else play.take(event);
}

function isScript(events: unknown): events is readonly MockEvent[] {
  const isStep = (one: unknown) => typeof one === "object" && one !== null && "kind" in one && "text" in one;
  return Array.isArray(events) && events.every(isStep);
}

function isAgent(agent: unknown): agent is Agent {
  return typeof agent === "object" && agent !== null && "tools" in agent && "definition" in agent;
}

function resultOf({ played }: MockPlay, agent: Agent, input: string, kitOnly: readonly KitOnly[]): TestedRun {
  const { run } = played;
  const own = played.events();
  const events = [
    ...kitOnly.filter(({ after }) => after === 0).map(({ event }) => event),
    ...own.flatMap((event) => [
      event,
      ...kitOnly.filter(({ after }) => after === event.sequence).map(({ event: of }) => of),
    ]),
  ];
  const state = stateOf(run);
  const last = own.at(-1);
  return {
    runId: run.runId,
    agentName: agent.name,
    input,
    state,
    isSuccess: state === "COMPLETED",
    isWaiting: state === "WAITING",
    output: last?.type === "done" ? last.output : {},
    error: last?.type === "failed" || last?.type === "timed_out" ? last.error : undefined,
    usage: run.usage,
    events,
    calls: callsOf(events),
    childRuns: childRunsOf(events),
    tools: knownTools(agent),
  };
}

/** The script, with a sign at the step that no run can take. */
function stepLines(events: readonly MockEvent[], at: number): string {
  return ["The events were:", ...events.map(({ text }, index) => `${index === at ? "  > " : "    "}${text}`)].join(
    "\n",
  );
}
