import { WhoAmIResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { refusalFor } from "../src/session/refusal-for.js";

it("says why somebody may not, by the roles that they have, and nothing where they may", () => {
  const who = (roles: string[], allowedCalls: string[]) => create(WhoAmIResponseSchema, { roles, allowedCalls });
  expect(refusalFor(who(["approver"], ["RunService/Approve"]), "RunService/Approve")).toBeUndefined();
  expect(refusalFor(who(["runner", "worker"], []), "RunService/Approve")).toContain("runner and worker");
  expect(refusalFor(who([], []), "RunService/Approve")).toBe("You have no role here.");
});
