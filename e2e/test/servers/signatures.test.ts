// What is signed of a run, and by whose keys.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSigningKeys, signingKeyIn, TRUSTED_KEYS_FILE, TrustedKeys } from "@agentspan/internal";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, type Stack } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { historyOf, only, waitingRun } from "../signed-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ signed: true, env: ANNOUNCE_SOON });

describe("a stack with keys", () => {
  it("runs what a person approved, and keeps what was signed of it", async () => {
    const run = await startRun(stack.current, "signed", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve({ comment: "fine" });
    expect((await ended(run)).state).toBe("COMPLETED");
    const events = await historyOf(stack.current, run);
    const keys = trustedKeys(stack.current);
    const signed = [
      only(events, "decided").signature,
      only(events, "toolStarted").grant,
      only(events, "toolResult").signature,
    ];
    for (const one of signed) {
      if (one === undefined) throw new Error("It is not signed.");
      expect(keys.problem("orchestrators", { ...one, text: one.signedText, at: Date.now() })).toBeUndefined();
      expect(one.signedText).toContain(run.runId);
    }
    expect(signed[0]?.signedText).toContain('"comment":"fine"');
    expect(stack.current.ledger.done(run.runId)).toHaveLength(1);
  });
});

describe("other keys", () => {
  it("an orchestrator that shares none with those that run does not start", async () => {
    const folder = join(stack.current.folder, "foreign");
    const [key] = createSigningKeys(folder, ["orchestrators", "gateways"]);
    const env = {
      AGENTSPAN_SIGNING_KEY_FILE: key?.path ?? "",
      AGENTSPAN_TRUSTED_KEYS_FILE: join(folder, TRUSTED_KEYS_FILE),
    };
    const started = stack.current.addOrchestrator({ env });
    await expect(started).rejects.toThrow(/its key [0-9a-f]{16} is not trusted here.*AGENTSPAN_TRUSTED_KEYS_FILE/);
    await expect(started).rejects.toThrow(/ended: 1/);
    const none = stack.current.addOrchestrator({
      env: { AGENTSPAN_SIGNING_KEY_FILE: "", AGENTSPAN_TRUSTED_KEYS_FILE: "" },
    });
    await expect(none).rejects.toThrow(/this one has no key/);
  });

  it("a retired key's decision holds where it is older than the retirement, and not where it is younger", async () => {
    const before = await waitingRun(stack.current, "before", "retired");
    await before.handle.approve();
    const after = await waitingRun(stack.current, "after", "retired");
    await after.handle.approve();
    const { decidedAt } = only(await historyOf(stack.current, after), "decided").decision ?? {};
    const retiredAt = decidedAt === undefined ? "" : timestampDate(decidedAt).toISOString();

    const { keysFolder } = stack.current;
    const old = signingKeyIn(keysFolder, "orchestrators", Date.now());
    const [fresh] = createSigningKeys(keysFolder, ["orchestrators"]);
    const path = join(keysFolder, TRUSTED_KEYS_FILE);
    const lists = JSON.parse(readFileSync(path, "utf8")) as { orchestrators: { id: string; retired_at?: string }[] };
    for (const key of lists.orchestrators) if (key.id === old?.id) key.retired_at = retiredAt;
    writeFileSync(path, JSON.stringify(lists));
    const [orchestrator] = stack.current.orchestrators;
    if (orchestrator === undefined || fresh === undefined) throw new Error("Something is missing.");
    await orchestrator.stop();
    await orchestrator.restart({ AGENTSPAN_SIGNING_KEY_FILE: fresh.path });
    await stack.current.addWorker({ queues: ["retired"] });

    expect((await ended(before)).state).toBe("COMPLETED");
    expect((await ended(after)).state).toBe("COMPLETED");
    expect(stack.current.ledger.done(before.runId)).toHaveLength(1);
    expect(stack.current.ledger.begun(after.runId)).toEqual([]);
    expect(only(await historyOf(stack.current, after), "toolResult").outcome.value).toMatch(
      /was retired at .* and signed it later/,
    );
  });
});

function trustedKeys({ keysFolder }: Stack): TrustedKeys {
  const read = TrustedKeys.read(readFileSync(join(keysFolder, TRUSTED_KEYS_FILE), "utf8"));
  if (read instanceof TrustedKeys) return read;
  throw new Error(read.faults.join("; "));
}
