// Openings that bring a run where random commands seldom do: into a second turn with guarded calls in every state, and
// from there into its ending, or into reruns: two that wait for the end of an old grant, one that was lost in its turn;
// or into probes: a rerun that one let begin, one asked of a grant that is alive, and one of the last attempt there is;
// or into previews: calls in each state that they bring; or into runs that it starts, one of which has begun.
// A core that is at fault may not get that far.
import { childRunIdOf } from "./explored-children.js";
import type { ExploredRun, HeldGrant } from "./explored-run.js";

export const PRELUDES = ["none", "second_turn", "reruns", "ending", "probing", "previews", "children"] as const;

export type Prelude = (typeof PRELUDES)[number];

export function play(prelude: Prelude, explored: ExploredRun): void {
  if (prelude === "none") return;
  if (prelude === "children") {
    reply(explored, 1, ["delegate", "delegate", "hand_on", "look_up"]);
    const child = { childRunId: childRunIdOf("t1c2"), agentName: "helper", agentVersion: "v1" };
    explored.step({ type: "record_child", callId: "t1c2", ...child });
    return;
  }
  if (prelude === "previews") {
    reply(explored, 1, ["send", "send", "send", "send", "send", "ship", "send"]);
    // Approved, and to be checked; shown, and nobody has decided; checked, and nobody has claimed it.
    for (const callId of ["t1c1", "t1c2", "t1c3"]) look(explored, callId, 1);
    for (const callId of ["t1c1", "t1c3"]) approve(explored, callId);
    look(explored, "t1c3", 1);
    // Run, and nobody knows what became of it.
    look(explored, "t1c4", 1);
    approve(explored, "t1c4");
    look(explored, "t1c4", 1);
    claim(explored, "t1c4");
    lose(explored, "t1c4", 1);
    // Something else each time, and approved for the third time.
    for (const n of [1, 2, 3]) {
      look(explored, "t1c5", n);
      approve(explored, "t1c5");
    }
    return;
  }
  reply(explored, 1, ["charge", "look_up"]);
  claim(explored, "t1c1");
  claim(explored, "t1c2");
  complete(explored, "t1c1");
  complete(explored, "t1c2");
  reply(explored, 2, ["charge", "charge", "charge", "refund", "look_up"]);
  const brings = prelude === "probing";
  claim(explored, "t2c1", 1, brings);
  claim(explored, "t2c2", 1, brings);
  if (prelude === "second_turn") return;
  claim(explored, "t2c3", 1, brings);
  lose(explored, "t2c3", 1);
  if (prelude === "probing") {
    sayNo(explored, "t2c3", 1);
    claim(explored, "t2c3", 2, brings);
    lose(explored, "t2c3", 2);
    sayNo(explored, "t2c3", 2);
    lose(explored, "t2c1", 1);
    sayNo(explored, "t2c1", 1);
    explored.now += 60_000;
    explored.step({ type: "tick" });
    claim(explored, "t2c3", 3, brings);
    lose(explored, "t2c3", 3);
    return;
  }
  if (prelude === "ending") {
    explored.step({ type: "cancel", who: "alex", reason: "" });
    return;
  }
  settle(explored, "t2c3");
  claim(explored, "t2c3", 2);
  lose(explored, "t2c3", 2);
  explored.now += 60_000;
  explored.step({ type: "tick" });
  settle(explored, "t2c1");
  settle(explored, "t2c2");
}

function reply(explored: ExploredRun, turn: number, tools: readonly string[]): void {
  const calls = tools.map((name, index) => ({ modelCallId: `p${turn}_${index}`, name, argumentsText: '{"n":1}' }));
  const usage = { inputTokens: 1, outputTokens: 1 };
  const said = { text: "", calls, finishReason: "TOOL_CALLS", usage } as const;
  explored.step({ type: "take_model_reply", turn, attempt: 1, reply: said, owners: {} });
}

function claim(explored: ExploredRun, callId: string, attempt = 1, brings = false): void {
  const nonce = `n${explored.fresh()}`;
  const owner = { approval: false, once: false, probe: brings, enforcesKey: brings };
  const worker = { workerId: "w1", incarnation: "w1-1" };
  explored.step({ type: "claim", callId, attempt, nonce, ...worker, owner, store: true });
}

function lose(explored: ExploredRun, callId: string, attempt: number): void {
  const nonce = grantOf(explored, callId, attempt)?.nonce;
  if (nonce === undefined) return;
  explored.step({ type: "end_claim", callId, attempt, nonce, how: "LEASE_ENDED" });
}

function sayNo(explored: ExploredRun, callId: string, attempt: number): void {
  const digest = grantOf(explored, callId, attempt)?.digest;
  if (digest === undefined) return;
  const no = { verdict: "DID_NOT_HAPPEN", result: "null", detail: "" } as const;
  explored.step({ type: "answer_probe", callId, attempt, workerId: "w2", digest, ...no });
}

function grantOf({ grants }: ExploredRun, callId: string, attempt: number): HeldGrant | undefined {
  return grants.find((one) => one.callId === callId && one.attempt === attempt);
}

function complete(explored: ExploredRun, callId: string): void {
  const grant = grantOf(explored, callId, 1);
  if (grant === undefined) return;
  const { attempt, nonce, workerId, digest } = grant;
  const outcome = { kind: "result", text: "1" } as const;
  explored.step({ type: "complete", callId, attempt, nonce, workerId, incarnation: `${workerId}-1`, digest, outcome });
}

/** Takes the preview that is asked, and finds this. */
function look(explored: ExploredRun, callId: string, n: number): void {
  const { core, run } = explored;
  const call = run?.turn.calls.find((one) => one.callId === callId);
  const wanted = run !== undefined && call !== undefined ? core.wantedPreview(run, call) : undefined;
  if (wanted === undefined) return;
  const { number, digest } = wanted;
  explored.step({ type: "claim_preview", callId, attempt: 1, workerId: "w1" });
  const said = { kind: "found", text: `{"n":${n}}` } as const;
  explored.step({ type: "answer_preview", callId, number, digest, workerId: "w1", said });
}

function approve(explored: ExploredRun, callId: string): void {
  const all = Object.values(explored.run?.checkpoints ?? {});
  const asked = all.find((one) => one.callId === callId && one.closed === undefined);
  if (asked === undefined) return;
  explored.step({
    type: "decide",
    decisionId: `d${explored.fresh()}`,
    requestHash: "approve",
    who: "maria",
    groups: [],
    authenticated: false,
    approvalId: asked.approvalId,
    comment: "",
    verdict: { kind: "approve" },
  });
}

function settle(explored: ExploredRun, callId: string): void {
  const asked = Object.values(explored.run?.checkpoints ?? {}).find((one) => one.callId === callId);
  if (asked === undefined) return;
  explored.step({
    type: "decide",
    decisionId: `d${explored.fresh()}`,
    requestHash: "settle",
    who: "maria",
    groups: [],
    authenticated: false,
    approvalId: asked.approvalId,
    comment: "",
    verdict: { kind: "settle", outcome: "run_again" },
  });
}
