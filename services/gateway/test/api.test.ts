import { methodName, PERMISSIONS } from "@agentspan/internal";
import { expect, it } from "vitest";
import { type ApiDeps, api } from "../src/api.js";

const methods = api({} as ApiDeps).map(({ desc }) => methodName(desc.parent.typeName, desc.name));

it("has no method that the table of permissions leaves out", () => {
  expect(methods.filter((method) => !Object.hasOwn(PERMISSIONS, method))).toEqual([]);
  expect(methods.length).toBeGreaterThan(20);
});

it("lets nobody in without a credential but to ask for the health", () => {
  const open = methods.filter((method) => PERMISSIONS[method] === "anybody");
  expect(open.sort()).toEqual(["Check", "List", "Watch"].map((name) => `grpc.health.v1.Health/${name}`));
});
