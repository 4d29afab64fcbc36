import { type Approval, ApprovalSchema, PreviewStatus } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import type { RunClient } from "../src/rpc/run-client.js";
import { wholeApprovals } from "../src/whole-approvals.js";

const WHOLE = { approvalId: "apr_1", argumentsJson: "{}", argumentsDigest: "sha256:0" };
const seen = (contentJson: string) => ({ status: PreviewStatus.SHOWN, contentJson });

it.each<[string, MessageInitShape<typeof ApprovalSchema>, boolean]>([
  ["with all that belongs to it", { ...WHOLE, preview: { ...seen("1"), previous: seen("2") } }, false],
  ["whose preview is still to come", { ...WHOLE, preview: { status: PreviewStatus.PENDING } }, false],
  ["whose preview failed", { ...WHOLE, preview: { status: PreviewStatus.FAILED } }, false],
  ["without its arguments", { ...WHOLE, argumentsJson: "" }, true],
  ["without what the call would do", { ...WHOLE, preview: seen("") }, true],
  ["without what it would have done before", { ...WHOLE, preview: { ...seen("1"), previous: seen("") } }, true],
])("an approval %s is read once more: %#", async (_, init, again) => {
  const asked: string[] = [];
  const client = {
    call: (_method: unknown, { approvalId }: { approvalId: string }) => {
      asked.push(approvalId);
      return Promise.resolve({ approval: create(ApprovalSchema, { approvalId, reason: "whole" }) });
    },
  } as unknown as RunClient;
  const [found] = (await wholeApprovals(client, [create(ApprovalSchema, init)])) as [Approval];
  expect(asked).toEqual(again ? ["apr_1"] : []);
  expect(found.reason).toBe(again ? "whole" : "");
});
