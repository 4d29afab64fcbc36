// Faults about runs that start runs.
import { type Mutant, mutant } from "./mutant.js";

export const CHILDREN: readonly Mutant[] = [
  mutant(
    34,
    "the end does not wait for the runs that were started",
    "draft.ts",
    'call.state.kind === "claimed" || hasChild(call)',
    'call.state.kind === "claimed"',
  ),
  mutant(34, "the end takes a run that was started for never begun", "draft.ts", "hasChild(call) ||", ""),
  mutant(
    34,
    "a child ends again with each report",
    "children.ts",
    'if (call?.state.kind !== "child") return OK;\n  if (end',
    "if (call === undefined) return OK;\n  if (end",
  ),
  mutant(34, "anybody's run is the call's", "children.ts", "known.runId === childRunId ? OK : NOT_ITS_CHILD", "OK"),
  mutant(
    34,
    "workers are told of a run that is to be started",
    "evolve-call.ts",
    "if (call.starts === undefined) return offered",
    "if (call !== undefined) return offered",
  ),
  mutant(
    35,
    "what a child told some time ago is believed",
    "children.ts",
    "if (before > sequence) return",
    "if (false) return",
  ),
  mutant(
    35,
    "a bare word takes its own for the only one",
    "decide-person.ts",
    "const open = [...own, ...mirrored];",
    "const open = own;",
  ),
  mutant(
    35,
    "what a child closed stays open",
    "children.ts",
    "if (closed === undefined || known.closed",
    "if (true || known.closed",
  ),
  mutant(
    36,
    "a child tells of its end alone",
    "evolve-child.ts",
    'run.phase.kind === "ended", waitsForPeopleOnly(run) && !run.paused, ...open',
    'run.phase.kind === "ended"',
  ),
  mutant(
    36,
    "a child that has ended tells nobody",
    "obligations.ts",
    'if (run.phase.kind === "ended") return owed;',
    'if (run.phase.kind === "ended") return [];',
  ),
];
