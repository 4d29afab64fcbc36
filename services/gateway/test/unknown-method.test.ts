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

it.each([
  `/${"x".repeat(10_000)}`,
  "//decide/eyJsaW5r.0123456789abcdef.c2ln",
  "http://agents.acme.test/decide/eyJsaW5r.0123456789abcdef.c2ln",
  "/decide/eyJsaW5r/",
  "/Decide/eyJsaW5r-4",
])("repeats no path that may hold a link's token, such as %s", (path) => {
  const words = "This server has nothing at this path. The API is under /agentspan.v1.RunService/.";
  expect(unknownMethod(path, PATHS).message).toBe(words);
});
