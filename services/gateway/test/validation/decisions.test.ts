import { Limits } from "@agentspan/internal";
import {
  ApproveRequestSchema,
  PauseRequestSchema,
  RejectRequestSchema,
  RespondRequestSchema,
  ResumeRequestSchema,
  SettleOutcome,
  SettleRequestSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  checkApprove,
  checkPause,
  checkReject,
  checkRespond,
  checkResume,
  checkSettle,
} from "../../src/validation/run.js";
import { errorOf, faultsOf } from "./faults-of.js";

describe("a decision", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const of = { runId: "run_a", approvalId: "apr_b" };

  it("may take no id that only decision links have", () => {
    const decisionId = "lnk_6feckbo4lwhh4qkb6hpbc4f44i";
    expect(faultsOf(() => checkApprove(create(ApproveRequestSchema, { ...of, decisionId })))).toHaveLength(1);
    expect(faultsOf(() => checkReject(create(RejectRequestSchema, { ...of, reason: "no", decisionId })))).toHaveLength(
      1,
    );
    checkReject(create(RejectRequestSchema, { ...of, reason: "no", decisionId: "link_a" }));
  });

  it("is taken bare, and with everything", () => {
    checkApprove(create(ApproveRequestSchema, { runId: "run_a" }));
    checkApprove(
      create(ApproveRequestSchema, {
        ...of,
        argumentsDigest: digest,
        previewFingerprint: "",
        editedArgumentsJson: '{"amount":"12.50"}',
        comment: "c".repeat(Limits.reasonBytes),
        decisionId: "d".repeat(128),
        onBehalfOf: "someone",
      }),
    );
    checkReject(create(RejectRequestSchema, { ...of, reason: "no", argumentsDigest: digest }));
    checkRespond(create(RespondRequestSchema, { ...of, contentJson: '"yes"' }));
    checkSettle(create(SettleRequestSchema, { ...of, outcome: SettleOutcome.HAPPENED, resultJson: "null" }));
    checkSettle(create(SettleRequestSchema, { ...of, outcome: SettleOutcome.GIVE_UP }));
  });

  it("has an approval id and a digest that can be such", () => {
    const request = { runId: "run_a", approvalId: "a b", argumentsDigest: "sha256:xyz" };
    expect(faultsOf(() => checkApprove(create(ApproveRequestSchema, request)))).toHaveLength(2);
    expect(faultsOf(() => checkReject(create(RejectRequestSchema, request)))).toHaveLength(2);
  });

  it("has a decision id of 128 bytes at most", () => {
    const request = create(ApproveRequestSchema, { ...of, decisionId: "d".repeat(129) });
    expect(errorOf(() => checkApprove(request))).toMatchObject({ metadata: { limit: "decisionIdBytes", size: "129" } });
  });

  it("has a decision id that people can tell from others, as pauses have their request's, or none", () => {
    for (const [id, fault] of [
      ["d\u0000", "has the character U+0000, which nobody sees"],
      ["d\u200b1", "has the character U+200B, which nobody sees"],
      ["d1\n", "has the character U+000A, which nobody sees"],
      [" ", "must not begin or end with a blank"],
    ] as const) {
      const approve = create(ApproveRequestSchema, { runId: "run_a", decisionId: id });
      expect(faultsOf(() => checkApprove(approve))).toEqual([`decisionId ${fault}`]);
      const pause = create(PauseRequestSchema, { runId: "run_a", requestId: id });
      expect(faultsOf(() => checkPause(pause))).toEqual([`requestId ${fault}`]);
      const resume = create(ResumeRequestSchema, { runId: "run_a", requestId: id });
      expect(faultsOf(() => checkResume(resume))).toEqual([`requestId ${fault}`]);
    }
    // The gateway makes one then.
    checkApprove(create(ApproveRequestSchema, { runId: "run_a" }));
  });

  it.each(["{", "[]", '"text"', " ", '{"a":1,"a":1}', '{"n":0.10000000000000000001}', '{"s":"\\ud800"}'])(
    "with the edited arguments %s is INVALID_ARGUMENTS",
    (editedArgumentsJson) => {
      const error = errorOf(() => checkApprove(create(ApproveRequestSchema, { ...of, editedArgumentsJson })));
      expect(error).toMatchObject({ reason: "INVALID_ARGUMENTS", fields: [{ field: "editedArgumentsJson" }] });
    },
  );

  it("with edited arguments, an answer or a result over 256 KiB is LIMIT_EXCEEDED", () => {
    const big = `"${"x".repeat(262_144)}"`;
    const checks = [
      () => checkApprove(create(ApproveRequestSchema, { ...of, editedArgumentsJson: `{"a":${big}}` })),
      () => checkRespond(create(RespondRequestSchema, { ...of, contentJson: big })),
      () => checkSettle(create(SettleRequestSchema, { ...of, outcome: SettleOutcome.HAPPENED, resultJson: big })),
    ];
    for (const check of checks) expect(errorOf(check).reason).toBe("LIMIT_EXCEEDED");
  });

  it("answers with JSON that has one meaning", () => {
    for (const contentJson of ["", "yes", '{"a":1,"a":2}']) {
      const error = errorOf(() => checkRespond(create(RespondRequestSchema, { ...of, contentJson })));
      expect(error).toMatchObject({ reason: "INVALID_REQUEST", fields: [{ field: "contentJson" }] });
    }
  });

  it("settles with an outcome that is known, and a result only for what happened", () => {
    const settle = (init: MessageInitShape<typeof SettleRequestSchema>) => () =>
      checkSettle(create(SettleRequestSchema, { ...of, ...init }));
    expect(faultsOf(settle({}))).toEqual(["outcome must be said"]);
    expect(faultsOf(settle({ outcome: 9 as SettleOutcome }))).toEqual([expect.stringContaining("outcome is 9")]);
    expect(faultsOf(settle({ outcome: SettleOutcome.RUN_AGAIN, resultJson: "1" }))).toEqual([
      expect.stringContaining("resultJson goes with the outcome HAPPENED only"),
    ]);
  });
});
