// Named instants at which a process can be made to die, stand still or dawdle: every write, and every moment between a
// write and what follows from it. They are in the released code, so that an installation can be proved as it is, and
// cost one boolean check while nothing is armed. Only a process that was started with AGENTSPAN_ALLOW_FAULTS=yes can be.
//
// A hit is told on standard error before anything happens, written synchronously: the line outlives the process.
import { writeSync } from "node:fs";
import { ConfigError } from "./config.js";
import { parseDuration } from "./duration.js";

/** Every fault point there is, by the process it is in; each stands in the sources exactly once. */
export const FAULT_POINTS = [
  // A transition of a run: decided, then in the store, then answered, then acted upon.
  "orchestrator.before-commit",
  "orchestrator.after-commit",
  "orchestrator.before-answer",
  "orchestrator.after-answer",
  "orchestrator.before-live-events",
  "orchestrator.before-announce",
  "orchestrator.after-announce",
  "orchestrator.before-withdraw",
  // A run that a call starts is stored, then known to the run whose call it is; what becomes of it is told.
  "orchestrator.before-child",
  "orchestrator.after-child",
  "orchestrator.before-cancel-child",
  "orchestrator.before-steer-child",
  "orchestrator.before-tell-parent",
  "orchestrator.after-tell-parent",
  "orchestrator.before-model-call",
  "orchestrator.after-model-call",
  // Closed turns move out: the chunk is written, then the update that lists it and trims.
  "orchestrator.before-chunk",
  "orchestrator.after-chunk",
  "orchestrator.after-trim",
  // Signs of life, its own and those of workers.
  "orchestrator.before-heartbeat",
  "orchestrator.after-heartbeat",
  "orchestrator.before-agent",
  "orchestrator.after-agent",
  "orchestrator.before-plain-claim",
  // A worker's tools, with what their owner demands, then the worker itself; its consumers come after both.
  "orchestrator.before-registration",
  "orchestrator.after-registration",
  // Entries of the audit, sealed as they are written: of what happened to runs, and of what was refused.
  "orchestrator.before-audit",
  "orchestrator.after-audit",
  "orchestrator.before-refusal",
  "orchestrator.after-refusal",
  // A standing grant: in the audit, then in its row; each use, before its run goes on; revoked in the audit, then in its row.
  "orchestrator.before-grant",
  "orchestrator.after-grant-entry",
  "orchestrator.before-grant-use",
  "orchestrator.after-grant-use",
  "orchestrator.before-grant-revocation",
  "orchestrator.after-grant-revocation",
  "orchestrator.before-key",
  "orchestrator.after-key",
  "orchestrator.before-key-revocation",
  "orchestrator.after-key-revocation",
  // A webhook; what it is told of a commit, stored and then sent.
  "orchestrator.before-webhook",
  "orchestrator.after-webhook",
  "orchestrator.before-deliveries",
  "orchestrator.after-deliveries",
  "orchestrator.before-post",
  "orchestrator.after-post",
  // A finished run that retention takes away: its document, then what else it took.
  "orchestrator.before-removal",
  "orchestrator.after-removal",
  "gateway.before-forward",
  "gateway.after-forward",
  "gateway.before-event",
  // One task, from its hint to its answered outcome.
  "worker.after-pull",
  "worker.after-claim-sent",
  "worker.after-grant",
  "worker.before-execute",
  "worker.after-execute",
  "worker.after-complete-sent",
  "worker.after-complete",
  // A task that comes back not begun, a probe that looks whether a lost one took effect, and a look at what one would do.
  "worker.before-release",
  "worker.before-probe",
  "worker.after-probe",
  "worker.before-preview",
  "worker.after-preview",
  "worker.before-heartbeat",
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

/**
 * kill: SIGKILL to itself. stop: SIGSTOP to itself. delay: the whole process stands still for the milliseconds. throw: an
 * error where nothing expects one, so that what was going on there is forgotten.
 */
export type FaultAction =
  | { readonly kind: "kill" | "stop" | "throw" }
  | { readonly kind: "delay"; readonly ms: number };

export interface Fault {
  readonly point: FaultPoint;
  readonly action: FaultAction;
  /** Acts when the point is passed for the so-many-th time, from 1, and never again. */
  readonly pass: number;
}

/** How the line on standard error begins that tells a hit; the point's name follows, then the action. */
export const FAULT_HIT = "fault point ";

let armed = false;
let faults: readonly Fault[] = [];
const passes = new Map<FaultPoint, number>();

/** Does nothing unless a fault is armed. */
export function faultPoint(point: FaultPoint): void {
  if (armed) hit(point);
}

/** The same once what was published just now has left the process: clients hold it back until the end of the tick. */
export function faultPointAfterSending(point: FaultPoint): void {
  if (armed) setTimeout(() => hit(point), 0);
}

/**
 * Arms what AGENTSPAN_FAULTS lists: "point:action:pass" with commas between, such as
 * "orchestrator.after-commit:kill:3,worker.after-grant:delay=500ms:1". Throws ConfigError where that is malformed or not
 * allowed. For the programs' first lines: a library never calls it.
 */
export function armFaultPoints(env: Readonly<Record<string, string | undefined>>): void {
  arm(faultsOf(env));
  if (env.AGENTSPAN_ALLOW_FAULTS === "yes" && process.channel !== undefined) armByMessage();
}

/** A parent that may make this process fail arms it again whenever it likes: {faults: "point:action:pass,…"}. */
function armByMessage(): void {
  process.on("message", (message) => {
    const { faults: text } = message as { readonly faults?: unknown };
    if (typeof text === "string") arm(faultsIn(text));
  });
  // Listening must not keep the process alive.
  process.channel?.unref();
}

function arm(next: readonly Fault[]): void {
  faults = next;
  passes.clear();
  armed = next.length > 0;
}

/** What AGENTSPAN_CLOCK_OFFSET says, milliseconds: "30s" puts this process's wall clock forward, "-30s" back. */
export function clockOffsetMs(env: Readonly<Record<string, string | undefined>>): number {
  const text = env.AGENTSPAN_CLOCK_OFFSET?.trim() ?? "";
  if (text === "") return 0;
  demandPermission("AGENTSPAN_CLOCK_OFFSET", env);
  const ms = parseDuration(text.replace(/^-/, ""));
  if (ms === undefined) {
    throw new ConfigError([
      `AGENTSPAN_CLOCK_OFFSET is ${JSON.stringify(text.slice(0, 100))}, but must be a duration, with "-" for a clock that is slow.`,
    ]);
  }
  return text.startsWith("-") ? -ms : ms;
}

function faultsOf(env: Readonly<Record<string, string | undefined>>): readonly Fault[] {
  const text = env.AGENTSPAN_FAULTS?.trim() ?? "";
  if (text !== "") demandPermission("AGENTSPAN_FAULTS", env);
  return faultsIn(text);
}

function faultsIn(text: string): readonly Fault[] {
  if (text === "") return [];
  return text.split(",").map((entry) => faultOf(entry.trim()));
}

function faultOf(entry: string): Fault {
  const [name, said = "", count = "1"] = entry.split(":");
  const point = FAULT_POINTS.find((known) => known === name);
  const action = actionOf(said);
  const pass = /^[1-9]\d{0,8}$/.test(count) ? Number(count) : undefined;
  if (point === undefined || action === undefined || pass === undefined) {
    throw new ConfigError([
      `AGENTSPAN_FAULTS has ${JSON.stringify(entry.slice(0, 100))}, but wants point:action:pass, such as orchestrator.after-commit:kill:3. Points: ${FAULT_POINTS.join(", ")}. Actions: kill, stop, throw, delay=500ms.`,
    ]);
  }
  return { point, action, pass };
}

function actionOf(said: string): FaultAction | undefined {
  if (said === "kill" || said === "stop" || said === "throw") return { kind: said };
  const ms = said.startsWith("delay=") ? parseDuration(said.slice("delay=".length)) : undefined;
  return ms === undefined ? undefined : { kind: "delay", ms };
}

function demandPermission(variable: string, env: Readonly<Record<string, string | undefined>>): void {
  if (env.AGENTSPAN_ALLOW_FAULTS === "yes") return;
  throw new ConfigError([
    `${variable} makes this process fail on purpose. Unset it, or set AGENTSPAN_ALLOW_FAULTS=yes where that is meant.`,
  ]);
}

function hit(point: FaultPoint): void {
  const pass = (passes.get(point) ?? 0) + 1;
  passes.set(point, pass);
  for (const fault of faults) {
    if (fault.point !== point || fault.pass !== pass) continue;
    writeSync(2, `${FAULT_HIT}${point} ${fault.action.kind}\n`);
    act(fault.action);
  }
}

function act(action: FaultAction): void {
  switch (action.kind) {
    case "kill":
      process.kill(process.pid, "SIGKILL");
      return;
    case "stop":
      process.kill(process.pid, "SIGSTOP");
      return;
    case "delay":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, action.ms);
      return;
    case "throw":
      throw new Error("A fault point was told to throw.");
    default:
      action satisfies never;
  }
}
