import { ApprovalSchema, PreviewSchema, PreviewStatus, RunService, SettleOutcome } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { type Choice, doneWords, isOther, newDecisionId, send } from "../src/approval/decision.js";

function shownWith(more: { readonly digest?: string; readonly fingerprint?: string } = {}) {
  const { digest = "sha256:1", fingerprint } = more;
  return create(ApprovalSchema, {
    runId: "run_1",
    approvalId: "apr_1",
    argumentsDigest: digest,
    ...(fingerprint === undefined
      ? {}
      : { preview: create(PreviewSchema, { status: PreviewStatus.SHOWN, fingerprint }) }),
  });
}

/** What the server is asked for a choice. */
async function asked(choice: Choice, shown = shownWith()) {
  const requests: [string, object][] = [];
  const noted = <A>(verb: string, request: object, answer: A): A => {
    requests.push([verb, request]);
    return answer;
  };
  const transport = createRouterTransport(({ service }) =>
    service(RunService, {
      approve: (request) => noted("approve", request, { closed: true }),
      reject: (request) => noted("reject", request, {}),
      respond: (request) => noted("respond", request, {}),
      settle: (request) => noted("settle", request, { closed: false, votesMissing: 1 }),
    }),
  );
  const answer = await send(createClient(RunService, transport), {
    choice,
    shown,
    decisionId: "desk_1",
    onBehalfOf: "",
  });
  return { requests, answer };
}

describe("a decision", () => {
  it("is bound to the approval and the digest that were in sight", async () => {
    const { requests } = await asked({ verb: "approve", comment: "", editedArgumentsJson: "" });
    expect(requests).toMatchObject([
      ["approve", { runId: "run_1", approvalId: "apr_1", argumentsDigest: "sha256:1", decisionId: "desk_1" }],
    ]);
    expect(requests[0]?.[1]).not.toHaveProperty("previewFingerprint", expect.anything());
    const rejected = await asked({ verb: "reject", reason: "no" });
    expect(rejected.requests).toMatchObject([["reject", { argumentsDigest: "sha256:1", reason: "no" }]]);
  });

  it("says which preview was in sight, also that none was yet", async () => {
    const approve = { verb: "approve", comment: "", editedArgumentsJson: "" } as const;
    const shown = await asked(approve, shownWith({ fingerprint: "sha256:p" }));
    expect(shown.requests).toMatchObject([["approve", { previewFingerprint: "sha256:p" }]]);
    const pending = await asked(approve, shownWith({ fingerprint: "" }));
    expect(pending.requests).toMatchObject([["approve", { previewFingerprint: "" }]]);
  });

  it("tells of votes that are still missing", async () => {
    const choice = { verb: "settle", outcome: SettleOutcome.RUN_AGAIN, resultJson: "", comment: "" } as const;
    const { answer } = await asked(choice);
    expect(doneWords(choice, answer)).toBe("Your vote is recorded. One more is needed.");
  });

  it("has an id of its own", () => {
    expect(newDecisionId()).toMatch(/^desk_[0-9a-f]{32}$/);
    expect(newDecisionId()).not.toBe(newDecisionId());
  });
});

describe("what is in sight", () => {
  it("is another when the arguments or the preview are", () => {
    expect(isOther(shownWith(), shownWith())).toBe(false);
    expect(isOther(shownWith(), shownWith({ digest: "sha256:2" }))).toBe(true);
    expect(isOther(shownWith({ fingerprint: "a" }), shownWith({ fingerprint: "b" }))).toBe(true);
    expect(isOther(shownWith({ fingerprint: "" }), shownWith())).toBe(false);
  });
});
