import { beforeEach, describe, expect, it } from "vitest";
import type { AgentHandle } from "../src/agent-handle.js";
import type { DecisionLinkOptions } from "../src/decision-link.js";
import { MemoryRunService } from "./memory-run-service.js";
import { startedRun } from "./started-run.js";

let service: MemoryRunService;
let handle: AgentHandle;

beforeEach(async () => {
  service = new MemoryRunService();
  handle = await startedRun(service);
});

describe("a decision link", () => {
  it("is asked for by person and approval, and is at the server that was asked where that knows no address", async () => {
    const before = Date.now();
    const link = await handle.createDecisionLink("maria", { approvalId: "apr_1", expiresIn: "2h" });
    expect(link).toMatchObject({ linkId: "lnk_a", url: "http://memory/decide/a.b.c", approvalId: "apr_1" });
    expect(link).toMatchObject({ runId: handle.runId, person: "maria" });
    expect(link.expiresAt?.getTime()).toBeGreaterThanOrEqual(before + 2 * 3_600_000);
    expect((await handle.createDecisionLink("maria")).expiresAt).toBeUndefined();
  });

  it("is refused here where what is asked for cannot be meant", async () => {
    const wrong = [{ expires: "2h" }, { expiresIn: "soon" }, { approvalId: 7 }] as unknown as DecisionLinkOptions[];
    for (const options of wrong) {
      await expect(handle.createDecisionLink("maria", options)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    }
    const nobody = undefined as unknown as string;
    await expect(handle.createDecisionLink(nobody)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });
});
