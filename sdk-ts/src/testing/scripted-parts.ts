// What every kit makes of a test's options, wherever its runs take place.
import type { WorkerTestHooks } from "../worker/test-hooks.js";
import { DecisionReader } from "./decision-reader.js";
import type { KitOptions, KitParts } from "./kit.js";
import { ScriptedModel } from "./model/scripted-model.js";
import { checkKind } from "./script-check.js";
import { FunctionsInProgress } from "./stack/functions-in-progress.js";
import { toolHooks } from "./tool-hooks.js";

interface ScriptedParts extends Omit<KitParts, "world"> {
  readonly functions: FunctionsInProgress;
  readonly hooks: WorkerTestHooks;
}

/** Throws KitError where the options are not written as a script is. */
export function scriptedParts({ model, decisions = {}, tools = {} }: KitOptions): ScriptedParts {
  for (const [toolName, call] of Object.entries(tools)) checkKind(call, "function", `tools.${toolName}`);
  const functions = new FunctionsInProgress();
  const reader = new DecisionReader(decisions, functions);
  return {
    functions,
    model: new ScriptedModel(model, functions),
    decisions: reader,
    toolNames: Object.keys(tools),
    hooks: toolHooks({ functions, instead: tools, onRun: (toolName) => reader.ran(toolName) }),
  };
}
