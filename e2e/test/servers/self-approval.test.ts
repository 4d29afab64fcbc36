// Whoever started a run lets nothing happen in it, where it is known who they are: through every process, with API keys.
import { AgentRuntime } from "@agentspan/sdk";
import { afterAll, expect, it } from "vitest";
import { deskAgent } from "../../src/index.js";
import { approvalOf, REFUND, refusal, waitingFor } from "../desk-run.js";
import { askingForKeys, holder } from "../key-holders.js";
import { withStack } from "../stack-fixture.js";

// Two keys of one person are one voice.
const KEYS = {
  starts: holder("alex", ["runner"]),
  approves: holder("alex", ["approver"]),
  other: holder("maria", ["approver", "runner"]),
} as const;

const stack = withStack({
  workers: 0,
  signed: true,
  env: {
    ...askingForKeys(Object.values(KEYS)),
  },
});

const runtimes: AgentRuntime[] = [];
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.shutdown())));

function as({ text }: { readonly text: string }): AgentRuntime {
  const runtime = new AgentRuntime({ url: stack.current.gateway().url, apiKey: text, retryFor: "5s" });
  runtimes.push(runtime);
  return runtime;
}

it("refuses the approval of whoever started the run, by any key of theirs, and takes their rejection", async () => {
  const input = stack.current.model.script("own", [
    {
      calls: [
        { tool: "refund", args: REFUND },
        { tool: "email", args: {} },
      ],
    },
    { text: "ok" },
  ]);
  const { runId } = await as(KEYS.starts).start(deskAgent(), input, { serve: false });
  const [own, others] = [as(KEYS.approves).handle(runId), as(KEYS.other).handle(runId)];
  const { pendingApprovals } = await waitingFor({ handle: own, runId }, 2);
  const { approvalId } = approvalOf(pendingApprovals, "refund");
  await refusal(own.approve({ approvalId }), "SELF_APPROVAL");
  await refusal(own.respond({ paid: true }, { approvalId }), "SELF_APPROVAL");
  await own.reject("a mistake of mine", { approvalId: approvalOf(pendingApprovals, "email").approvalId });
  expect(await others.approve({ approvalId })).toMatchObject({ closed: true });
});
