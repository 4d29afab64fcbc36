import { expect, it } from "vitest";
import { unknownMethod } from "../src/http/plain-answers.js";

const PATHS = [
  "/agentspan.v1.RunService/Approve",
  "/agentspan.v1.ApprovalService/ListApprovals",
  "/a.A/Same",
  "/b.B/Same",
];

it.each([
  ["/agentspan.v1.ApprovalService/Approve", "Did you mean /agentspan.v1.RunService/Approve?"],
  ["/agentspan.v1.RunService/approve", "Did you mean /agentspan.v1.RunService/Approve?"],
  ["/Approve", "Did you mean /agentspan.v1.RunService/Approve?"],
  ["/agentspan.v1.RunService/Same", "Did you mean /a.A/Same or /b.B/Same?"],
  ["/agentspan.v1.RunService/Teleport", "The API is under /agentspan.v1.RunService/."],
  ["/", "The API is under /agentspan.v1.RunService/."],
])("of %s it is said where there is a method of that name", (path, words) => {
  const { reason, message } = unknownMethod(path, PATHS);
  expect({ reason, message }).toEqual({ reason: "UNIMPLEMENTED", message: `This server has no ${path}. ${words}` });
});

it("shows no more of a path than a person reads", () => {
  expect(unknownMethod(`/${"x".repeat(10_000)}`, PATHS).message.length).toBeLessThan(300);
});
