// Invariants of questions to people, read from the record without the core.
import type { ToolCalled, Waiting } from "../../src/core/index.js";
import { fitsAnswer, isHuman } from "./explored-agent.js";
import { type Invariants, Violation, type Watcher } from "./explored-run.js";

/**
 * 31: each call of a human tool asks people, once, and is never offered to a worker; it ends with an answer that fits, with
 * who declined, with time, or with the run. No other call asks a question, and one approves none.
 */
export function questionsAreAnswered(): Invariants {
  const calls = new Map<string, ToolCalled>();
  const asked = new Map<string, Waiting>();
  return (_, { command, events, effects, answer }) => {
    for (const { fact } of events) {
      if (fact.type === "tool_call" && fact.refused === undefined && isHuman(fact.tool)) calls.set(fact.callId, fact);
      const call = "callId" in fact ? calls.get(fact.callId) : undefined;
      if (fact.type === "waiting") {
        if ((fact.kind === "QUESTION") !== (call !== undefined)) throw new Violation(31, `${fact.tool}: ${fact.kind}`);
        if (call === undefined) continue;
        if (asked.has(fact.callId) || fact.votesRequired !== 1 || fact.digest !== call.digest)
          throw new Violation(31, `${fact.approvalId} asks something else`);
        asked.set(fact.callId, fact);
      }
      if (call === undefined) continue;
      if (fact.type === "decided" && fact.outcome !== "responded" && fact.outcome !== "rejected")
        throw new Violation(31, `${fact.approvalId} was ${fact.outcome}`);
      if (fact.type === "tool_started") throw new Violation(31, `a worker has ${fact.callId}`);
      if (fact.type !== "tool_result") continue;
      const { kind } = fact.outcome;
      if (fact.outcome.kind === "result") {
        if (command.type !== "decide" || !fitsAnswer(fact.outcome.text))
          throw new Violation(31, `${fact.callId} was answered ${fact.outcome.text}`);
      } else if (kind !== "rejected" && kind !== "cancelled") {
        throw new Violation(31, `${fact.callId} ended as ${kind}`);
      }
    }
    for (const [callId] of calls) {
      if (!asked.has(callId) && !events.some(({ fact }) => fact.type === "ending"))
        throw new Violation(31, `nobody was asked ${callId}`);
    }
    const told = effects.some((effect) => effect.kind === "announce" && calls.has(effect.callId));
    if (told || (command.type === "claim" && answer?.type === "granted" && calls.has(command.callId)))
      throw new Violation(31, "a question was offered to workers");
  };
}

export const QUESTIONS: readonly Watcher[] = [[[31], questionsAreAnswered]];
