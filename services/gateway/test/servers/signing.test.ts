// A gateway with a key: everything that it asks an orchestrator bears its signature, each try anew.
import { envelopeProblem, newSigningKey, signingKey, TrustedKeys } from "@agentspan/internal";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { runClient, until, withStack } from "./harness.js";

const key = newSigningKey();
const lists = { gateways: [{ id: key.id, public: key.public }], orchestrators: [] };
const read = TrustedKeys.read(JSON.stringify(lists));
if (!(read instanceof TrustedKeys)) throw new Error(read.faults.join("; "));
const trusted = read;

const EVERY_MS = { running: 50, waiting: 50 };

describe("a gateway with a key", () => {
  const stack = withStack({ requestTimeoutMs: 2_000, signingKey: signingKey(key.pem), compareEveryMs: EVERY_MS });

  it("signs each try of a request anew, and what it asks by itself", async () => {
    const client = runClient(stack.gateway, "gRPC on the second port");
    let silent = true;
    stack.orchestrator.on("RunService/GetStatus", () => {
      if (!silent) return "default";
      silent = false;
      return "silence";
    });
    const { runId } = await client.start({ source: { case: "agentName", value: "helper" }, idempotencyKey: "signed" });
    await client.getStatus({ runId });
    // Where the run stands is compared while somebody watches it.
    const left = new AbortController();
    const watching = client.streamEvents({ runId }, { signal: left.signal })[Symbol.asyncIterator]().next();
    await until(() => stack.orchestrator.seen.some(({ envelope }) => envelope.method === "Internal/Sequences"));
    left.abort();
    await expect(watching).rejects.toThrow("aborted");

    const envelopes = stack.orchestrator.seen.map(({ envelope }) => envelope);
    for (const envelope of envelopes) expect(envelopeProblem(envelope, trusted, Date.now())).toBeUndefined();
    const tries = envelopes.filter(({ method }) => method === "RunService/GetStatus");
    expect(tries).toHaveLength(2);
    const [first = 0, second = 0] = tries.map(({ at }) => (at === undefined ? 0 : timestampMs(at)));
    expect(second).toBeGreaterThan(first);
  });
});
