// Orchestrators with one promise switched off each, and the circumstances under which that shows. A twin is a copy of
// the compiled program with pieces of its text replaced; each piece must be there exactly once.

import type { Step } from "@agentspan/e2e";
import type { FaultKind } from "./faults/kinds.js";
import type { Arm } from "./faults/schedule.js";
import type { Story } from "./stories.js";

export interface Replacement {
  /** Below the orchestrator's dist. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Twin {
  readonly invariant: string;
  readonly what: string;
  readonly replacements: readonly Replacement[];
  readonly stories: readonly Story[];
  readonly faults: readonly FaultKind[];
  readonly arms?: readonly Arm[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where what matters seldom comes about: 24 runs and 8 s of faults unless said. */
  readonly runs?: number;
  readonly forMs?: number;
}

const DONE: Step = { text: "done" };
const ORDER = { order_id: "ORD-8821" } as const;

function story(name: string, ...steps: readonly Step[]): Story {
  return { name, weight: 1, undisturbed: true, steps: () => [...steps, DONE] };
}

function refundTaking(takes: number) {
  return { tool: "refund", args: { ...ORDER, amount: 5, takes } };
}

const MANY_AT_ONCE = story("many calls in one turn", {
  calls: [
    ...Array.from({ length: 6 }, () => ({ tool: "get_order", args: ORDER })),
    refundTaking(50),
    { tool: "email", args: {} },
  ],
});
const SLOW_REFUND = story("a slow refund", { calls: [refundTaking(2_500)] });
const REFUND = story("a refund", { calls: [refundTaking(50)] });
const TWO_TURNS = story("two turns", { calls: [{ tool: "get_order", args: ORDER }] }, { calls: [refundTaking(50)] });
const LONG = story(
  "a long history",
  ...Array.from({ length: 5 }, () => ({ calls: [{ tool: "get_order", args: { bytes: 200_000 } }] })),
);

/** An orchestrator stands still before each announcement: others announce meanwhile, and then it does so too. */
const LATE_ANNOUNCEMENTS: Arm = {
  fault: "an orchestrator dawdles before it announces a task",
  kind: "orchestrator",
  point: "orchestrator.before-announce",
  action: "delay=1800ms",
  everyPass: 1,
};
const FORGETFUL_WORKERS: Arm = {
  fault: "a worker forgets a task that it was granted",
  kind: "worker",
  point: "worker.after-grant",
  action: "throw",
  everyPass: 1,
};

export const TWINS: readonly Twin[] = [
  {
    invariant: "version guard",
    what: "a transition is stored whatever version it was decided on",
    replacements: [
      { file: "mongo/run-document.js", from: "q: { _id: runId, v: expectedVersion }", to: "q: { _id: runId }" },
    ],
    stories: [MANY_AT_ONCE],
    faults: ["answers"],
  },
  {
    invariant: "claim",
    what: "no claim is stored",
    replacements: [
      {
        file: "core/decide-task.js",
        from: "const unstored = !isGuarded(gate) && !command.store && !mustBeStored(draft, call);",
        to: "const unstored = true;",
      },
    ],
    stories: [SLOW_REFUND],
    faults: [],
  },
  {
    invariant: "nonce",
    what: "whoever claims what is claimed gets the same grant",
    replacements: [
      {
        file: "core/decide-task.js",
        from: 'if (state.kind === "claimed" && isSameClaim(state, command)) {\n        return granted(',
        to: 'if (state.kind === "claimed" && state.attempt === command.attempt) {\n        return granted(',
      },
    ],
    stories: [SLOW_REFUND],
    faults: ["arms"],
    arms: [LATE_ANNOUNCEMENTS],
    env: { AGENTSPAN_ANNOUNCE_AFTER: "500ms" },
  },
  {
    invariant: "disowning",
    what: "a living worker's silence about a claim means nothing",
    replacements: [
      {
        file: "lease-judge.js",
        from: 'return "disowned";',
        to: 'return "undecided";',
      },
    ],
    stories: [REFUND],
    faults: ["arms"],
    arms: [FORGETFUL_WORKERS],
  },
  {
    invariant: "sequence",
    what: "a number is left out before each start of a tool",
    replacements: [
      {
        file: "core/draft.js",
        from: "sequence: this.current.lastSequence + 1,",
        to: 'sequence: this.current.lastSequence + (fact.type === "tool_started" ? 2 : 1),',
      },
      {
        file: "core/evolve.js",
        from: "if (sequence !== run.lastSequence + 1) {",
        to: "if (sequence <= run.lastSequence) {",
      },
    ],
    stories: [REFUND],
    faults: [],
  },
  {
    invariant: "decision id",
    what: "a decision that comes again is decided again",
    replacements: [
      {
        file: "core/decide-person.js",
        from: "const repeated = answerOfRepeated(draft.run, command);",
        to: "const repeated = undefined;",
      },
    ],
    stories: [REFUND],
    faults: ["answers"],
  },
  {
    invariant: "late outcome",
    what: "what a worker tells after its lease is dropped",
    replacements: [
      {
        file: "core/decide-task.js",
        from: 'if (record === undefined)\n        return stale("This claim',
        to: 'if (true)\n        return stale("This claim',
      },
    ],
    stories: [SLOW_REFUND],
    faults: ["stop"],
    // One stop takes two leases, and only those of workers in the middle of a refund matter.
    runs: 90,
    forMs: 30_000,
  },
  {
    invariant: "chunk trimming",
    what: "closed turns are trimmed without having been moved",
    replacements: [
      { file: "engine.js", from: "await this.options.store.putChunk(run.runId, move.chunk, move.texts);", to: "" },
    ],
    stories: [LONG],
    faults: [],
  },
  {
    invariant: "terminal event",
    what: "a run that has ended can be cancelled",
    replacements: [
      {
        file: "core/decide-control.js",
        from: 'if (phase.kind === "active") {\n        draft.end(',
        to: 'if (phase.kind !== "ending") {\n        draft.end(',
      },
    ],
    stories: [{ ...TWO_TURNS, undisturbed: false, cancelled: "late" }],
    faults: [],
  },
  {
    invariant: "re-announcement",
    what: "a task is announced once and never again",
    replacements: [
      {
        file: "attendant.js",
        from: "await relay.announce(stored.run, obligation.callId, obligation.attempt);",
        to: "",
      },
      {
        file: "attendant.js",
        from: "this.options.relay.announce(run, owed.callId, owed.attempt)",
        to: "true",
      },
    ],
    stories: [TWO_TURNS],
    faults: ["points", "nats"],
  },
];
