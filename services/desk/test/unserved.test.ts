import { ListedToolSchema, RunStatusSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { isUnserved, waitingWords, waitsFor } from "../src/workers/unserved.js";

const tool = create(ListedToolSchema, { queue: "desk", name: "pay", agentNames: ["shop"] });
const run = (agentName: string, ...blockedOn: string[]) => create(RunStatusSchema, { agentName, blockedOn });

it("knows which runs wait for a tool: those of an agent that has it, and that say so", () => {
  expect(isUnserved(tool)).toBe(true);
  expect(waitsFor(tool, run("shop", "look", "pay"))).toBe(true);
  expect(waitsFor(tool, run("shop", "look"))).toBe(false);
  expect(waitsFor(tool, run("other", "pay"))).toBe(false);
});

it.each([
  [undefined, undefined],
  [0n, "nothing waits"],
  [1n, "1 task waits"],
  [1_234n, "1,234 tasks wait"],
])("says of %s tasks: %s", (waitingTasks, words) => {
  expect(waitingWords(create(ListedToolSchema, waitingTasks === undefined ? {} : { waitingTasks }))).toBe(words);
});
