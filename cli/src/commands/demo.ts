// agentspan demo: the refund agent of the introduction, on a server of its own, with a person who approves or rejects.
import { type AgentHandle, AgentRuntime, AgentspanError, type RunStatus } from "@agentspan/sdk";
import { CommandError, Interrupted } from "../command-error.js";
import { commandName } from "../command-name.js";
import { refusedWords } from "../decide-remedy.js";
import { always, askingPerson, type Decider } from "../demo/deciders.js";
import { type DemoServer, demoServer } from "../demo/demo-server.js";
import type { DecisionFlags } from "../demo/somebody-to-ask.js";
import { watchRun } from "../demo/watch-run.js";
import { resultWords } from "../event-line.js";
import { demoModel } from "../model-situation.js";
import type { StackFlags } from "../options.js";
import type { Output } from "../output.js";
import { listRuns } from "../run-lists.js";
import { safeText } from "../safe-text.js";
import { dataOption } from "../stack-place.js";
import { aborted, StopRequests } from "../stop-requests.js";
import { tableLines } from "../table.js";
import { showEvents } from "./runs.js";

export interface DemoFlags extends StackFlags, DecisionFlags {
  readonly model?: string;
  /** Goes on with a run of an earlier demonstration. */
  readonly run?: string;
}

const INPUT = "Customer Alex (cust_001) wants a refund on order ORD-8821";
const LABELS = { demo: "refund" };

export async function demo(flags: DemoFlags, output: Output): Promise<void> {
  const stops = new StopRequests();
  const decider = deciderOf(flags, output, () => stops.request());
  try {
    await onServer(flags, decider, output, stops);
  } finally {
    decider.close();
    stops.close();
  }
}

function deciderOf(flags: DemoFlags, output: Output, onLeave: () => void): Decider {
  if (flags.approve === true) return always({ kind: "approve" }, output);
  if (flags.reject !== undefined) return always({ kind: "reject", reason: flags.reject }, output);
  return askingPerson(process.stdin, output, onLeave);
}

async function onServer(flags: DemoFlags, decider: Decider, output: Output, stops: StopRequests): Promise<void> {
  const { model, why } = demoModel(process.env, flags.model);
  if (flags.run === undefined) output.line(`Model   ${model} (${why})`);
  let server: DemoServer | undefined;
  let runtime: AgentRuntime | undefined;
  const run: { id?: string } = {};
  try {
    server = await demoServer(flags, output, stops.first);
    void aborted(stops.second).then(() => server?.kill());
    const { url, natsUrl, trustedKeysFile } = server;
    const keys = trustedKeysFile === undefined ? {} : { trustedKeysFile };
    runtime = new AgentRuntime({ url, natsUrl, grace: "2s", ...keys });
    const interrupted = aborted(stops.first).then(() => {
      throw new Interrupted();
    });
    const onRun = (runId: string): void => {
      run.id = runId;
    };
    const played = play(flags, { server, runtime, model, decider, output, onRun, signal: stops.first });
    await Promise.race([played, server.lost, interrupted]);
  } catch (error) {
    throw stops.first.aborted ? new Interrupted() : error;
  } finally {
    if (stops.first.aborted && server?.shared !== true) output.line("\nStopping (Ctrl-C again: at once)");
    await runtime?.shutdown();
    await server?.stop();
    if (stops.first.aborted) {
      output.line("Stopped: nothing is left running.");
      if (server !== undefined && run.id !== undefined) {
        output.line(`The run is kept. Go on with: ${findAgain(run.id, server)}`);
      }
    }
  }
}

interface Play {
  readonly server: DemoServer;
  readonly runtime: AgentRuntime;
  readonly model: string;
  readonly decider: Decider;
  readonly output: Output;
  readonly onRun: (runId: string) => void;
  readonly signal: AbortSignal;
}

async function play(flags: DemoFlags, { server, runtime, model, decider, output, onRun, signal }: Play): Promise<void> {
  process.env.AGENTSPAN_MODEL = model;
  const { refundAgent } = await import("@agentspan/worker-refund");
  let handle: AgentHandle;
  if (flags.run === undefined) {
    await tellWaiting(runtime, output);
    handle = await runtime.start(refundAgent, INPUT, { labels: LABELS, signal });
    output.line(`Agent   ${refundAgent.name}: "${INPUT}"`);
  } else {
    handle = runtime.handle(flags.run);
    await requireRefundRun(handle, refundAgent.name, signal);
    await runtime.serve(refundAgent, { blocking: false });
  }
  onRun(handle.runId);
  output.line(`Run     ${handle.runId}\n`);
  try {
    await watchRun({ handle, decider, output, findAgain: [findAgain(handle.runId, server)], signal });
  } catch (error) {
    if (!(error instanceof AgentspanError && error.reason === "SELF_APPROVAL")) throw error;
    throw new CommandError(`\n${refusedWords(error)}\n\n${bySomebodyElse(handle.runId, server).join("\n")}`);
  }
  const status = await handle.getStatus({ signal });
  output.line(`\n${endWords(status)}`);
  output.line("\nWhat the server has on record of this run:");
  await showEvents(handle, output, signal);
  output.line("\nGo on:");
  output.table(goOn(handle.runId, server));
  if (status.state !== "COMPLETED") throw new CommandError(`\nThe run did not complete: ${status.state}.`);
}

/** Of an earlier demonstration that was left. */
async function tellWaiting(runtime: AgentRuntime, output: Output): Promise<void> {
  const { items } = await listRuns(runtime, { agentName: "refund_agent", labels: LABELS }, 20);
  const [waiting] = items.filter(({ isWaiting }) => isWaiting);
  if (waiting === undefined) return;
  output.line(`Note    an earlier demo still waits: ${commandName()} demo --run ${waiting.runId}`);
}

async function requireRefundRun(handle: AgentHandle, agentName: string, signal: AbortSignal): Promise<void> {
  const status = await handle.getStatus({ signal });
  if (status.agentName === agentName) return;
  throw new CommandError(
    `Run ${handle.runId} is one of ${safeText(status.agentName)}, and the demo has the tools of ${agentName} only.`,
  );
}

function endWords({ state, output, error }: RunStatus): string {
  if (state === "COMPLETED") return `Result: ${safeText(resultWords(output.result))}`;
  return `The run ended as ${state}${error === undefined ? "." : `: ${error.reason}: ${safeText(error.message)}`}`;
}

function findAgain(runId: string, { dataDir }: DemoServer): string {
  return `${commandName()} demo --run ${runId}${dataOption(dataDir, process.env)}`;
}

/** Two people are needed where everybody is known, and the demonstration is one of them. */
function bySomebodyElse(runId: string, server: DemoServer): readonly string[] {
  const command = commandName();
  const steps = [
    ...(server.shared
      ? []
      : [[`${command} server start --auth${dataOption(server.dataDir, process.env)}`, "a server"]]),
    [`${command} keys create --owner maria@acme.test --role approver`, "a key for a second person"],
    [`AGENTSPAN_API_KEY=agsp_... ${command} approve ${runId}`, "decide, with that key"],
    [findAgain(runId, server), "pay the refund, and see the run's end"],
  ];
  return ["The run waits for somebody else. Go on:", ...tableLines(steps).map((line) => `  ${line}`)];
}

function goOn(runId: string, server: DemoServer): readonly (readonly string[])[] {
  const command = commandName();
  return [
    ...(server.shared
      ? []
      : [
          [
            `${command} server start${dataOption(server.dataDir, process.env)}`,
            "a server on the same data, in another terminal",
          ],
        ]),
    [`${command} runs show ${runId}`, "where it stands"],
    [`${command} runs events ${runId}`, "its history"],
    [`${command} approvals list`, "what waits for a person"],
    [`${command} demo --reject "too expensive"`, "the other way"],
  ];
}
