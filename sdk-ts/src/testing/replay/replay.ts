// Carries a recorded run out again by today's definition, and finds the first thing that goes otherwise.
import { requireDefinition } from "@agentspan/gateway/in-process";
import { AgentspanError } from "@agentspan/internal";
import type { Agent as CoreAgent } from "@agentspan/orchestrator/core";
import { encodeAgent, toCore } from "@agentspan/orchestrator/in-process";
import type { AgentDefinition } from "@agentspan/proto";
import type { Agent } from "../../agent.js";
import { eventWords } from "../event-lines.js";
import { type History, HistoryError, readHistories } from "./history-file.js";
import { RecordedRun } from "./recorded-run.js";
import { type ReplayDifference, type ReplayedRun, ReplayReport } from "./replay-report.js";
import { type Divergence, playAgain, stepsOf } from "./replay-run.js";
import { otherWords, toldOtherwise } from "./told.js";
import { whyOf } from "./why.js";

export interface ReplayOptions {
  /** What the model is told otherwise is a difference too, and no note: with that it might have said something else. */
  readonly strict?: boolean;
}

/**
 * Carries the runs of a history file, which `agentspan runs export` wrote, out again by the agent's definition of today: the
 * model says what it said, tools give what they gave, people decide what and when they decided, and the server's own core
 * says what comes of it. No function is called, and nothing is asked of anybody. Throws HistoryError for a file that is no
 * history, is of another agent, or cannot be replayed.
 *
 * @example
 * (await replay("histories/refund-approved.jsonl", agent)).expectSame();
 */
export async function replay(file: string, agent: Agent, options: ReplayOptions = {}): Promise<ReplayReport> {
  return replayFile(file, [agent.definition, ...agent.below.map(({ definition }) => definition)], options);
}

/** The same by definitions alone: of the agent first, and of those that its tools start runs of. */
export async function replayFile(
  file: string,
  definitions: readonly AgentDefinition[],
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  for (const definition of definitions) requireUsable(definition);
  const histories = await readHistories(file);
  requireSameAgent(file, histories, definitions);
  const notes: string[] = [];
  const runs: ReplayedRun[] = [];
  for (const history of histories) {
    const definition = definitions.find(({ name }) => name === history.head.agentName);
    if (definition === undefined) {
      const { runId, agentName } = history.head;
      notes.push(`Run ${runId} of ${agentName} is not replayed: no definition of that agent was given.`);
      continue;
    }
    const { difference, ...outcome } = replayHistory(history, definition, options);
    notes.push(...outcome.notes.filter((note) => !notes.includes(note)));
    runs.push(outcome.run);
    if (difference !== undefined) return new ReplayReport({ difference, notes, runs });
  }
  return new ReplayReport({ difference: undefined, notes, runs });
}

/** By what no server would take nothing can be carried out. */
function requireUsable(definition: AgentDefinition): void {
  try {
    requireDefinition(definition);
  } catch (error) {
    if (!(error instanceof AgentspanError)) throw error;
    const faults = error.fields.map(({ field, description }) => `${field} ${description}`).join("; ");
    throw new HistoryError(
      `The definition of ${definition.name || "the agent"} is none that a server takes: ${faults}.`,
    );
  }
}

function requireSameAgent(file: string, [first]: readonly History[], [definition]: readonly AgentDefinition[]): void {
  if (first === undefined || definition === undefined || first.head.agentName === definition.name) return;
  throw new HistoryError(
    `${file} is a history of ${first.head.agentName}, and the definition is of ${definition.name}.`,
  );
}

interface ReplayedHistory {
  readonly difference: ReplayDifference | undefined;
  readonly notes: readonly string[];
  readonly run: ReplayedRun;
}

function replayHistory(history: History, definition: AgentDefinition, { strict }: ReplayOptions): ReplayedHistory {
  const pinned = pinnedOf(history);
  const today = toCore(definition, encodeAgent(definition).version);
  const record = new RecordedRun(history);
  const steps = stepsOf(record, pinned);
  const { divergence, words } = playAgain(record, steps, pinned, today);
  const { runId, agentName } = history.head;
  const told = toldOtherwise(pinned, today);
  const recorded = record.events.length;
  const first = divergence?.recorded === undefined ? -1 : record.events.indexOf(divergence.recorded);
  const run = { runId, agentName, recorded, same: first < 0 ? recorded : first };
  const notes = [
    ...told,
    ...otherWords(words),
    ...(record.toldOfSize ? [`What run ${runId} told of its size is not replayed.`] : []),
    ...(history.head.ended ? [] : [`Run ${runId} had not ended when it was exported.`]),
  ];
  if (divergence !== undefined) {
    return { difference: differenceOf(divergence, record, today), notes, run };
  }
  const [otherwise] = strict === true ? told : [];
  const difference = otherwise === undefined ? undefined : toldDifference(record, otherwise);
  return { difference, notes, run };
}

function pinnedOf({ head }: History): CoreAgent {
  const { version } = encodeAgent(head.definition);
  if (version === head.agentVersion) return toCore(head.definition, version);
  throw new HistoryError(
    `The definition in the history of run ${head.runId} is not the version that the run went by: it was changed, or a newer version of Agentspan wrote it.`,
  );
}

function differenceOf(divergence: Divergence, record: RecordedRun, today: CoreAgent): ReplayDifference {
  const { recorded, now, fields } = divergence;
  const { runId, agentName } = record.head;
  return {
    ...{ runId, agentName, sequence: recorded?.sequence },
    recorded: recorded === undefined ? "nothing more" : eventWords(recorded),
    now: now === undefined ? "nothing" : eventWords(now),
    fields: fields.map(
      ({ path, ...of }) => `${path} was ${JSON.stringify(of.recorded)} and is ${JSON.stringify(of.now)}`,
    ),
    why: whyOf(divergence, record, today),
  };
}

function toldDifference({ head: { runId, agentName } }: RecordedRun, told: string): ReplayDifference {
  const recorded = "the model was told otherwise";
  return {
    runId,
    agentName,
    sequence: undefined,
    recorded,
    now: "what it would say is not known",
    fields: [],
    why: told,
  };
}
