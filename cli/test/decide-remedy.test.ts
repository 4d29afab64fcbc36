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
    const refused = (reason: "SELF_APPROVAL" | "APPROVAL_NOT_FOUND") =>
      withRemedy("approve", "run_1", "apr_1", async () => {
        throw new AgentspanError(reason, "It is refused.");
      });
    await expect(refused("SELF_APPROVAL")).rejects.toThrow(
      `It is refused.\nSomebody else must decide, with their own key in AGENTSPAN_API_KEY or as --key:\n  ${COMMAND} approve run_1 apr_1 --key ...`,
    );
    await expect(refused("APPROVAL_NOT_FOUND")).rejects.toBeInstanceOf(AgentspanError);
  });

  it.each(["ARGUMENTS_CHANGED", "APPROVAL_EXPIRED"])("of %s says where to look", (reason) => {
    expect(remedyFor(reason, "approve", "run_1", undefined)).toContain(`${COMMAND} runs show run_1`);
  });

  it("that came too late says who was faster, how and when, and where all of it is", async () => {
    const at = new Date(2026, 10, 30, 21, 5, 9);
    const metadata = { winner: "maria", outcome: "rejected", time: String(at.getTime()) };
    const late = (approvalId?: string, reason: "ALREADY_DECIDED" | "NOTHING_TO_DECIDE" = "ALREADY_DECIDED") =>
      withRemedy("approve", "run_1", approvalId, async () => {
        throw new AgentspanError(reason, "It was rejected by maria already.", { metadata });
      });
    await expect(late("apr_1")).rejects.toThrow(
      `It was rejected by maria already. That was at 2026-11-30 21:05:09; what you decided is not recorded and changes nothing.\nAll of it:\n  ${COMMAND} approvals show run_1 apr_1`,
    );
    for (const reason of ["ALREADY_DECIDED", "NOTHING_TO_DECIDE"] as const) {
      await expect(late(undefined, reason)).rejects.toThrow(`and when:\n  ${COMMAND} runs events run_1`);
    }
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
