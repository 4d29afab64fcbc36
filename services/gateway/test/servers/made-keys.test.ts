// API keys that are made and revoked while the gateway runs.
import { KeyService } from "@agentspan/proto";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { asked, KEYS, withGuardedGateway } from "./guarded-gateway.js";
import { refusalOf } from "./harness.js";

const guarded = withGuardedGateway();
const { transport, runs, lastSeen } = guarded;

describe("a key that is made", () => {
  it("lets its holder in at once, is sent nowhere, and is refused soon after its end", async () => {
    const admin = createClient(KeyService, transport(KEYS.admin.text));
    const { key: made, text } = await admin.createKey({ owner: "new", roles: ["runner"], groups: ["support"] });
    const [, keyId = "", secret = ""] = /^agsp_([^_]+)_(.+)$/.exec(text) ?? [];
    expect(made).toMatchObject({ keyId, owner: "new", namespace: "default" });
    for (const { envelope } of guarded.orchestrator.seen)
      expect(Buffer.from(envelope.body).includes(secret)).toBe(false);
    await runs(text).start(asked);
    expect(lastSeen()?.caller).toMatchObject({ subject: "new", roles: ["runner"], groups: ["support"] });

    const stream = runs(text, "gRPC on the second port").streamEvents({ runId: runIdOfLast() })[Symbol.asyncIterator]();
    const web = runs(text, "gRPC-Web").streamEvents({ runId: runIdOfLast() })[Symbol.asyncIterator]();
    const ends = [stream, web].map((one) => refusalOf(one.next()));
    await admin.revokeKey({ keyId });
    for (const end of ends) expect((await end).reason).toBe("UNAUTHENTICATED");
    expect((await refusalOf(runs(text).start(asked))).message).toContain("revoked");
  });

  it.each([
    ["an owner that is nobody", { owner: "anonymous", roles: ["runner"] }],
    ["no role", { owner: "x", roles: [] }],
    ["everybody's role", { owner: "x", roles: ["*"] }],
    ["the role delegate alone", { owner: "x", roles: ["delegate"] }],
    ["an end in the past", { owner: "x", roles: ["runner"], expiresAt: { seconds: 1n, nanos: 0 } }],
    ["an empty group", { owner: "x", roles: ["runner"], groups: [""] }],
  ])("is refused with %s", async (_, request) => {
    const admin = createClient(KeyService, transport(KEYS.admin.text));
    expect((await refusalOf(admin.createKey(request))).reason).toBe("INVALID_REQUEST");
  });
});

/** A run that there is: the last one that was started here. */
function runIdOfLast(): string {
  return [...guarded.orchestrator.store.runs.keys()].at(-1) ?? "";
}
