import { AgentspanError } from "@agentspan/internal";
import type { Approval } from "@agentspan/sdk";
import { describe, expect, it } from "vitest";
import { CommandError } from "../src/command-error.js";
import { commandName } from "../src/command-name.js";
import { remedyFor, theOneMeant, withRemedy } from "../src/decide-remedy.js";
import { changeLines } from "../src/preview-view.js";

const COMMAND = commandName();
const open = (approvalId: string, kind: Approval["kind"] = "APPROVAL") =>
  ({ approvalId, kind, runId: "run_1", toolName: "pay" }) as Approval;

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}

describe("which approval is meant where none is named", () => {
  it("is the only one that the command can answer", () => {
    expect(theOneMeant("approve", "run_1", [open("a"), open("b", "SETTLEMENT")])).toMatchObject({ approvalId: "a" });
    expect(theOneMeant("settle", "run_1", [open("a"), open("b", "SETTLEMENT")])).toMatchObject({ approvalId: "b" });
    expect(theOneMeant("approve", "run_1", [])).toBeUndefined();
  });

  it("is asked with the commands that name each, where there are several", () => {
    const error = thrownBy(() => theOneMeant("approve", "run_1", [open("a"), open("b"), open("q", "QUESTION")]));
    expect(error).toBeInstanceOf(CommandError);
    expect(String(error)).toContain(`    ${COMMAND} approve run_1 a\n`);
    expect(String(error)).toContain(`    ${COMMAND} approve run_1 b\n`);
    // What this command cannot answer is told with those that can.
    expect(String(error)).toContain(`    ${COMMAND} respond run_1 q --answer '...'\n`);
    expect(String(error)).not.toContain("{ approvalId }");
  });
});

it("what takes another command is told with that command", () => {
  const error = String(thrownBy(() => theOneMeant("approve", "run_1", [open("b", "SETTLEMENT")])));
  expect(error).toContain("waits for nothing that approve answers");
  expect(error).toContain(`    ${COMMAND} settle run_1 b --happened\n`);
  expect(String(thrownBy(() => theOneMeant("settle", "run_1", [open("a")])))).toContain(`${COMMAND} approve run_1 a\n`);
});

describe("a refused decision", () => {
  it("has its next step beside the server's sentence", async () => {
    const refused = (reason: "SELF_APPROVAL" | "NOTHING_TO_DECIDE") =>
      withRemedy("approve", "run_1", "apr_1", async () => {
        throw new AgentspanError(reason, "It is refused.");
      });
    await expect(refused("SELF_APPROVAL")).rejects.toThrow(
      `It is refused.\nSomebody else must decide, with their own key in AGENTSPAN_API_KEY or as --key:\n  ${COMMAND} approve run_1 apr_1 --key ...`,
    );
    await expect(refused("NOTHING_TO_DECIDE")).rejects.toBeInstanceOf(AgentspanError);
  });

  it.each(["ARGUMENTS_CHANGED", "APPROVAL_EXPIRED"])("of %s says where to look", (reason) => {
    expect(remedyFor(reason, "approve", "run_1", undefined)).toContain(`${COMMAND} runs show run_1`);
  });
});

it("edited arguments are shown beside those that were asked for", () => {
  // In whatever order somebody writes them.
  expect(changeLines({ amount: 50, to: "a" }, { to: "a", amount: 50 }).join("")).not.toMatch(/^[-+]/m);
  expect(changeLines({ amount: 50, to: "a" }, { amount: 20, to: "a" })).toEqual([
    "  {",
    '-   "amount": 50,',
    '+   "amount": 20,',
    '    "to": "a"',
    "  }",
  ]);
});
