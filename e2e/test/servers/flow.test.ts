// The whole flow over one of each service, and over two of each: nothing may depend on which of them is asked.
import { describe, expect, it } from "vitest";
import { argumentScenarios } from "../scenarios/arguments.js";
import { controlScenarios } from "../scenarios/control.js";
import { decisionScenarios } from "../scenarios/decisions.js";
import { readingScenarios } from "../scenarios/reading.js";
import { seedPageScenarios } from "../scenarios/seed-page.js";
import { watchingScenarios } from "../scenarios/watching.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

describe.each([
  { orchestrators: 1, gateways: 1, workers: 1 },
  { orchestrators: 2, gateways: 2, workers: 2 },
])("a stack of $orchestrators orchestrators, $gateways gateways and $workers workers", (size) => {
  const stack = withStack(size);
  const current = () => stack.current;

  describe("does what the introduction promises: it", () => seedPageScenarios(current));
  describe("decides each checkpoint once: it", () => decisionScenarios(current));
  describe("is exact about arguments: it", () => argumentScenarios(current));
  describe("is under control: it", () => controlScenarios(current));
  describe("tells what happened: it", () => readingScenarios(current));
  describe("is watched: it", () => watchingScenarios(current));

  it("folds every stored history into its document, when all that is done", async () => {
    expect(stack.current.model.faults).toEqual([]);
    expect(await expectHistoriesToFold(stack.current)).toBeGreaterThan(50);
  });
});
