// Tests of agents without a model, a server or a person. This entry loads the orchestrator and the gateway; the SDK's own
// does not.
export {
  after,
  approve,
  approveWith,
  type DecisionDetails,
  type DecisionScript,
  nobody,
  reject,
  respond,
  type ScriptedDecision,
  settle,
  type ToolDecisions,
} from "./decisions.js";
export { Expectation, expectRun, expectRun as expect } from "./expect/expectation.js";
export type { OutputType } from "./expect/findings.js";
export type { EventPattern } from "./expect/names.js";
export { Kit, type KitOptions } from "./kit.js";
export { KitError } from "./kit-error.js";
export type { KitEvent } from "./kit-event.js";
export { KitRun } from "./kit-run.js";
export type { KnownTools } from "./known-tools.js";
export { type MemoryKitOptions, memoryKit } from "./memory-kit.js";
export { type MockDecision, type MockDecisionDetails, MockEvent } from "./mock/mock-event.js";
export { mockRun } from "./mock/mock-run.js";
export {
  type CallsTurn,
  calls,
  type FailsTurn,
  fails,
  type ModelScript,
  type ModelTurn,
  type SaidTurn,
  type SaysTurn,
  says,
} from "./model/model-turn.js";
export type { AskedTurn } from "./model/scripted-model.js";
export type { ToldMessage, ToldModel, ToldResult } from "./model/told-model.js";
export { normalisedHistory } from "./normalised-history.js";
export { HistoryError, type HistoryLinesOptions, historyLines } from "./replay/history.js";
export { type ReplayOptions, replay } from "./replay/replay.js";
export { type ReplayDifference, type ReplayedRun, ReplayReport } from "./replay/replay-report.js";
export { type LocalServer, type LocalServerOptions, startLocalServer } from "./server/local-server.js";
export type {
  TestedCall,
  TestedChildRun,
  TestedDecision,
  TestedEvent,
  TestedRun,
  TestedVote,
} from "./tested-run.js";
export { workerLost } from "./tool-hooks.js";
