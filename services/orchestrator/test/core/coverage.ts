// How often each command met each state of a run: what was never met was never tested.
import { type Call, type Command, callOf, claimedCallOf, type Run } from "../../src/core/index.js";

const TO_A_CALL: readonly Command["type"][] = [
  "claim",
  "complete",
  "release",
  "end_claim",
  "claim_probe",
  "answer_probe",
  "claim_preview",
  "answer_preview",
  "decide",
];
/** Of calls that start runs; those of earlier turns are like none. */
const TO_A_CHILD: readonly Command["type"][] = ["record_child", "refuse_child", "take_report"];
const OF_A_CHILD: readonly Where[] = ["gated", "starting", "child", "finished"];
const TO_THE_RUN: readonly Command["type"][] = [
  "start",
  "take_model_reply",
  "take_model_failure",
  "replace_model_call",
  "cancel",
  "pause",
  "resume",
  "tick",
  "reschedule",
];

type Phase = "active" | "paused" | "ending" | "ended";
/** The state of the call that a command is for, or of one of the run's calls; where there is none, the model's step. */
type Where = Call["state"]["kind"] | "past" | "none" | "calling" | "held";

/** Which states of calls there are in each phase. */
const CALLS: Readonly<Record<Phase, readonly Where[]>> = {
  active: ["gated", "checking", "ready", "claimed", "probing", "unknown", "rerun", "starting", "child", "finished"],
  paused: ["gated", "checking", "ready", "claimed", "probing", "unknown", "rerun", "starting", "child", "finished"],
  ending: ["claimed", "unknown", "starting", "child", "finished"],
  ended: ["unknown", "finished"],
};
const MODEL: Readonly<Record<Phase, readonly Where[]>> = {
  active: ["calling"],
  paused: ["calling", "held"],
  ending: [],
  ended: ["calling"],
};
const PHASES = ["active", "paused", "ending", "ended"] as const;

export class Coverage {
  private readonly met = new Map<string, number>();

  meet(run: Run | undefined, command: Command): void {
    if (run === undefined) return;
    const phase: Phase = run.phase.kind === "active" && run.paused ? "paused" : run.phase.kind;
    for (const where of wheres(run, command)) {
      const cell = `${command.type} ${phase} ${where}`;
      this.met.set(cell, (this.met.get(cell) ?? 0) + 1);
    }
  }

  /** Reachable cells that no command met. */
  missing(): readonly string[] {
    return cells().filter((cell) => !this.met.has(cell));
  }

  /** A row for each command, a column for each state. */
  table(): string {
    const columns = PHASES.flatMap((phase) => columnsOf(phase).map((where) => `${phase} ${where}`));
    const width = 8;
    const head = [0, 1].map((part) =>
      columns.map((column) => (column.split(" ")[part] ?? "").padStart(width)).join(""),
    );
    const rows = [...TO_A_CALL, ...TO_A_CHILD, ...TO_THE_RUN].map((type) => {
      const counts = columns.map((column) => String(this.met.get(`${type} ${column}`) ?? "·").padStart(width));
      return `${type.padEnd(20)}${counts.join("")}`;
    });
    return [...head.map((line) => `${"".padEnd(20)}${line}`), ...rows].join("\n");
  }
}

function columnsOf(phase: Phase): readonly Where[] {
  return [...CALLS[phase], "past", "none", ...MODEL[phase]];
}

function cells(): readonly string[] {
  return PHASES.flatMap((phase) => [
    ...TO_A_CALL.flatMap((type) => [...CALLS[phase], "past", "none"].map((where) => `${type} ${phase} ${where}`)),
    ...TO_A_CHILD.flatMap((type) =>
      [...CALLS[phase].filter((where) => OF_A_CHILD.includes(where)), "none"].map(
        (where) => `${type} ${phase} ${where}`,
      ),
    ),
    ...TO_THE_RUN.flatMap((type) => [...CALLS[phase], ...MODEL[phase]].map((where) => `${type} ${phase} ${where}`)),
  ]);
}

function wheres(run: Run, command: Command): readonly Where[] {
  switch (command.type) {
    case "claim":
    case "complete":
    case "release":
    case "end_claim":
    case "claim_probe":
    case "answer_probe":
    case "claim_preview":
    case "answer_preview":
      return [whereOf(run, command.callId)];
    case "record_child":
    case "refuse_child":
    case "take_report":
      return [callOf(run, command.callId)?.state.kind ?? "none"];
    case "decide": {
      const id = command.approvalId;
      const checkpoint = id !== undefined && Object.hasOwn(run.checkpoints, id) ? run.checkpoints[id] : undefined;
      return [checkpoint === undefined ? "none" : whereOf(run, checkpoint.callId, "past")];
    }
    default: {
      const { model, calls } = run.turn;
      if (model.kind === "calling" || model.kind === "held") return [model.kind];
      return [...new Set(calls.map(({ state }) => state.kind))];
    }
  }
}

function whereOf(run: Run, callId: string, otherwise: Where = "none"): Where {
  const call = callOf(run, callId);
  if (call !== undefined) return call.state.kind;
  return claimedCallOf(run, callId) === undefined ? otherwise : "past";
}
