// Invariants of rules, read from what the explored agent's rules mean and the record, without the core.
import type { OwnerDemand, ToolCalled } from "../../src/core/index.js";
import { definedPolicy, isHuman, ruleOf, startsRuns } from "./explored-agent.js";
import { type Invariants, Violation, type Watcher } from "./explored-run.js";

/**
 * 29: a call waits for people where its rule says so, or says nothing; the checkpoint, and an edit of it, tell which. One
 * that neither the definition nor its owner gates, and that the rule spares, waits for nobody.
 */
export function rulesAreAsked(): Invariants {
  const calls = new Map<string, ToolCalled>();
  return ({ agent }, { command, events }) => {
    const owners: Readonly<Record<string, OwnerDemand>> = command.type === "take_model_reply" ? command.owners : {};
    for (const { fact } of events) {
      if (fact.type === "tool_call" && fact.refused === undefined) {
        calls.set(fact.callId, fact);
        const demanded = Object.hasOwn(owners, fact.tool) && owners[fact.tool]?.approval === true;
        const says = ruleOf(fact.tool, fact.arguments);
        const ruled = says === "asks" || says === "fails";
        const ofWorkers = !isHuman(fact.tool) && !startsRuns(fact.tool);
        const required = definedPolicy(agent, fact.tool)?.required === true && !isHuman(fact.tool);
        const waits = (ofWorkers && demanded) || required || ruled;
        if ((fact.gate === "approval") !== waits)
          throw new Violation(29, `${fact.tool} with ${fact.arguments} is ${fact.gate}`);
      }
      if (fact.type === "waiting" && fact.kind === "APPROVAL" && command.type === "take_model_reply") {
        const says = ruleOf(fact.tool, calls.get(fact.callId)?.arguments ?? "{}") ?? "spares";
        const failed = /could not be applied/u.test(fact.reason);
        const told = failed ? "fails" : /rule requires/u.test(fact.reason) ? "asks" : "spares";
        if (told !== says) throw new Violation(29, `${fact.approvalId} says ${fact.reason}`);
      }
      if ((fact.type === "voted" || fact.type === "decided") && fact.edited !== undefined) {
        const says = ruleOf(calls.get(fact.callId)?.tool ?? "", fact.edited.arguments) ?? "spares";
        if ((says === "spares") !== (fact.edited.reason === undefined))
          throw new Violation(29, `the edit of ${fact.approvalId} says ${fact.edited.reason}`);
      }
    }
  };
}

export const RULES: readonly Watcher[] = [[[29], rulesAreAsked]];
