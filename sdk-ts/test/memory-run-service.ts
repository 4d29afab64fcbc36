// RunService in memory, for the client's tests.
//
// Faithful: it is served by connect's own router, so requests and errors go through the real protocol (over an in-memory
// transport or a real port); a start is remembered by its idempotency key, a decision by its decision id before anything
// else is looked at; a decision is bound to approval id and digest; a stream gives history after a sequence, then live
// events, and ends after the terminal event.
// Not faithful: there is no model, no worker and no store. What happens to a run is what the test appends to it, and one
// vote decides. A stream does not check that the run it waits for is still served elsewhere.
// Faults are the test's: `fault` says for each call whether it is carried out and whether its answer is lost; `cut`
// breaks open streams.
import { EventEmitter, once } from "node:events";
import { AgentspanError, Codes, digestOf, runIdOf, toErrorDetails } from "@agentspan/internal";
import {
  type Approval,
  ApprovalKind,
  ApprovalSchema,
  ApprovalService,
  type Decision,
  DecisionOutcome,
  DecisionSchema,
  type Event,
  EventSchema,
  RunService,
  RunState,
  type RunStatus,
  RunStatusSchema,
  type StartRequest,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, type ConnectRouter, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { overConnect } from "../src/rpc/connect-transport.js";
import { RunClient } from "../src/rpc/run-client.js";

/** done: as it should be. lost: carried out, then the error. refused: the error alone. */
export type Fault = { readonly kind: "done" } | { readonly kind: "lost" | "refused"; readonly error: AgentspanError };

interface MemoryRun {
  readonly runId: string;
  readonly request: StartRequest;
  readonly events: Event[];
  readonly approvals: Map<string, Approval>;
  readonly decisions: Map<string, Decision>;
  state: RunState;
}

export interface Call {
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
}

type Unary = Exclude<keyof typeof RunService.method, "streamEvents">;

export class MemoryRunService {
  readonly calls: Call[] = [];
  fault: (call: Call) => Fault = () => ({ kind: "done" });
  readonly #runs = new Map<string, MemoryRun>();
  readonly #changed = new EventEmitter().setMaxListeners(100);
  #openStreams = 0;
  /** Statuses leave arguments out, as the server's do where a run has very many. */
  leavesArgumentsOut = false;

  get openStreams(): number {
    return this.#openStreams;
  }

  /** A client over an in-memory transport. */
  client(options: { patienceMs?: number } = {}): RunClient {
    const transport = createRouterTransport(this.routes);
    return new RunClient(overConnect(transport, "http://memory"), { patienceMs: options.patienceMs ?? 5_000 });
  }

  readonly routes = (router: ConnectRouter): void => {
    router.service(RunService, this.#service());
    router.service(ApprovalService, {
      getApproval: ({ runId, approvalId }) => {
        const approval = this.#run(runId).approvals.get(approvalId);
        return approval === undefined ? {} : { approval };
      },
      createDecisionLink: ({ runId, approvalId, person, expiresAt }) => {
        const link = { linkId: "lnk_a", url: "/decide/a.b.c", runId, approvalId, person };
        return { link: { ...link, ...(expiresAt === undefined ? {} : { expiresAt }) } };
      },
    });
  };

  /** Appends an event; the terminal ones end the run. */
  append(runId: string, event: NonNullable<MessageInitShape<typeof EventSchema>["event"]>): Event {
    const run = this.#run(runId);
    const stored = create(EventSchema, { runId, sequence: BigInt(run.events.length + 1), event });
    run.events.push(stored);
    const ends = { done: RunState.COMPLETED, failed: RunState.FAILED, cancelled: RunState.CANCELLED };
    if (event.case !== undefined && event.case in ends) run.state = ends[event.case as keyof typeof ends];
    this.#changed.emit("changed");
    return stored;
  }

  /** Opens a checkpoint, as a gated call does. */
  wait(runId: string, approvalId: string, init: MessageInitShape<typeof ApprovalSchema> = {}): Approval {
    const argumentsJson = '{"amount":29.99,"order_id":"ORD-8821"}';
    const approval = create(ApprovalSchema, {
      approvalId,
      runId,
      kind: ApprovalKind.APPROVAL,
      callId: `call_of_${approvalId}`,
      toolName: "process_refund",
      argumentsJson,
      argumentsDigest: digestOf(argumentsJson),
      votesRequired: 1,
      ...init,
    });
    this.#run(runId).approvals.set(approvalId, approval);
    this.append(runId, { case: "waiting", value: { approval } });
    return approval;
  }

  done(runId: string, result: string): void {
    this.append(runId, { case: "done", value: { outputJson: JSON.stringify({ result, finishReason: "STOP" }) } });
  }

  /** Breaks every open stream, as a gateway that dies does. */
  cut(): void {
    this.#changed.emit("cut");
    this.#changed.emit("changed");
  }

  requests(method: Unary): Readonly<Record<string, unknown>>[] {
    return this.calls.filter((call) => call.method === method).map((call) => call.request);
  }

  /** Waits until `find` gives something. */
  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await once(this.#changed, "changed");
    }
  }

  #service(): Partial<ServiceImpl<typeof RunService>> {
    const status = (runId: string) => ({ status: this.#status(this.#run(runId)) });
    return {
      start: (request) => this.#serve("start", request, () => this.#start(request)),
      getStatus: (request) => this.#serve("getStatus", request, () => status(request.runId)),
      approve: (request) =>
        this.#serve("approve", request, () => ({ ...this.#decide(request, DecisionOutcome.APPROVED), closed: true })),
      reject: (request) => this.#serve("reject", request, () => this.#decide(request, DecisionOutcome.REJECTED)),
      respond: (request) => this.#serve("respond", request, () => this.#decide(request, DecisionOutcome.RESPONDED)),
      settle: (request) =>
        this.#serve("settle", request, () => ({ ...this.#decide(request, DecisionOutcome.HAPPENED), closed: true })),
      cancel: (request) =>
        this.#serve("cancel", request, () => {
          this.append(request.runId, { case: "cancelled", value: { reason: request.reason, by: "anonymous" } });
          return status(request.runId);
        }),
      pause: (request) => this.#serve("pause", request, () => status(request.runId)),
      resume: (request) => this.#serve("resume", request, () => status(request.runId)),
      streamEvents: (request, context) => this.#stream(request.runId, Number(request.afterSequence), context.signal),
    };
  }

  #serve<T>(method: Unary, request: object, carryOut: () => T): T {
    const call = { method, request: { ...request } };
    this.calls.push(call);
    const fault = this.fault(call);
    try {
      if (fault.kind === "refused") throw fault.error;
      const answer = carryOut();
      if (fault.kind === "lost") throw fault.error;
      return answer;
    } catch (error) {
      throw connectErrorOf(error);
    } finally {
      this.#changed.emit("changed");
    }
  }

  async *#stream(runId: string, after: number, signal: AbortSignal) {
    this.calls.push({ method: "streamEvents", request: { runId, after } });
    let isCut = false;
    const cut = () => {
      isCut = true;
    };
    let open = true;
    // Where the client goes away while the generator stands in a yield, its finally does not run.
    const close = () => {
      if (open) this.#openStreams--;
      open = false;
      this.#changed.off("cut", cut);
      this.#changed.emit("changed");
    };
    this.#changed.on("cut", cut);
    signal.addEventListener("abort", close);
    this.#openStreams++;
    this.#changed.emit("changed");
    try {
      const run = this.#run(runId);
      for (let next = after; !signal.aborted; ) {
        if (isCut) throw new ConnectError("the gateway went away", Codes.UNAVAILABLE);
        const event = run.events[next];
        if (event !== undefined) {
          next++;
          yield { event };
        } else if (run.state >= RunState.COMPLETED) return;
        else await once(this.#changed, "changed");
      }
    } catch (error) {
      throw error instanceof AgentspanError ? connectErrorOf(error) : error;
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  }

  #start(request: StartRequest): { runId: string; created: boolean } {
    const runId = runIdOf("default", request.idempotencyKey);
    if (this.#runs.has(runId)) return { runId, created: false };
    const run = { runId, request, events: [], approvals: new Map(), decisions: new Map(), state: RunState.RUNNING };
    this.#runs.set(runId, run);
    const agentName = request.source.case === "agent" ? request.source.value.name : (request.source.value ?? "");
    this.append(runId, { case: "runStarted", value: { agentName, input: request.input } });
    return { runId, created: true };
  }

  #decide(
    request: { runId: string; approvalId: string; decisionId: string; argumentsDigest?: string },
    outcome: DecisionOutcome,
  ): { decision: Decision; repeated: boolean } {
    const run = this.#run(request.runId);
    const before = run.decisions.get(request.decisionId);
    if (before !== undefined) return { decision: before, repeated: true };
    const approval = run.approvals.get(request.approvalId);
    if (approval === undefined) throw new AgentspanError("APPROVAL_NOT_FOUND", `No approval ${request.approvalId}.`);
    if (approval.decision !== undefined) {
      throw new AgentspanError("ALREADY_DECIDED", "Somebody was faster.", { metadata: { winner: "somebody" } });
    }
    if (request.argumentsDigest && request.argumentsDigest !== approval.argumentsDigest) {
      throw new AgentspanError("ARGUMENTS_CHANGED", "The arguments are others by now.");
    }
    const { approvalId, decisionId } = request;
    approval.decision = create(DecisionSchema, { approvalId, decisionId, outcome, decidedBy: "anonymous" });
    run.decisions.set(decisionId, approval.decision);
    this.append(run.runId, { case: "decided", value: { callId: approval.callId, decision: approval.decision } });
    return { decision: approval.decision, repeated: false };
  }

  #status(run: MemoryRun): RunStatus {
    const open = [...run.approvals.values()].filter((one) => one.decision === undefined);
    const pendingApprovals = this.leavesArgumentsOut ? open.map((one) => ({ ...one, argumentsJson: "" })) : open;
    const done = run.events.find((event) => event.event.case === "done")?.event;
    const isComplete = run.state >= RunState.COMPLETED;
    return create(RunStatusSchema, {
      runId: run.runId,
      state: pendingApprovals.length > 0 && !isComplete ? RunState.WAITING : run.state,
      isRunning: !isComplete,
      isWaiting: pendingApprovals.length > 0,
      isComplete,
      outputJson: done?.case === "done" ? done.value.outputJson : "",
      pendingApprovals,
      usage: { inputTokens: 12n, outputTokens: 34n },
      lastSequence: BigInt(run.events.length),
      agentName: "refund_agent",
    });
  }

  #run(runId: string): MemoryRun {
    const run = this.#runs.get(runId);
    if (run === undefined) throw new AgentspanError("RUN_NOT_FOUND", `No run ${runId}.`, { metadata: { runId } });
    return run;
  }
}

function connectErrorOf(error: unknown): ConnectError {
  const told = AgentspanError.from(error);
  return new ConnectError(told.message, Codes[told.code], undefined, [...toErrorDetails(told)]);
}
