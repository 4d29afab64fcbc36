// Who is let in, over every protocol and both ports.
import { newApiKey } from "@agentspan/internal";
import { StartRequestSchema } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { asked, KEYS, PROTOCOLS, withGuardedGateway } from "./guarded-gateway.js";
import { grpcJsCall, oursOfStatus, refusalOf, statusOf } from "./harness.js";

const START = "/agentspan.v1.RunService/Start";

const guarded = withGuardedGateway();
const { runs, lastSeen } = guarded;

describe.each(PROTOCOLS)("over %s", (protocol) => {
  it("a caller without a credential reaches nothing, streams neither", async () => {
    const before = guarded.orchestrator.seen.length;
    const client = runs(undefined, protocol);
    expect((await refusalOf(client.start(asked))).reason).toBe("UNAUTHENTICATED");
    const stream = client.streamEvents({ runId: "run_a" })[Symbol.asyncIterator]();
    expect((await refusalOf(stream.next())).reason).toBe("UNAUTHENTICATED");
    expect(guarded.orchestrator.seen.length).toBe(before);
  });

  it("a stranger's large request is refused all the same, and leaves the connection to others", async () => {
    const large = { ...asked, labels: { filler: "x".repeat(1_900_000) } };
    const client = runs(undefined, protocol);
    for (const _ of [1, 2, 3]) expect((await refusalOf(client.start(large))).reason).toBe("UNAUTHENTICATED");
  });

  it("a key says who it is, from where, and in which namespace", async () => {
    await runs(KEYS.acme.text, protocol).start(asked);
    expect(lastSeen()).toMatchObject({
      namespace: "acme",
      caller: {
        subject: "kim",
        roles: ["runner", "approver"],
        method: "api_key",
        credentialId: KEYS.acme.known.keyId,
        address: "127.0.0.1",
      },
    });
  });

  it("a token says so too, with the roles of its groups", async () => {
    const token = await guarded.issuer.token({ sub: "sam", groups: ["staff", "others"], org: "acme" });
    await runs(token, protocol).start(asked);
    expect(lastSeen()).toMatchObject({
      namespace: "acme",
      caller: {
        subject: "sam",
        roles: ["runner"],
        groups: ["staff", "others"],
        method: "jwt",
        credentialId: `${guarded.issuer.url}#t1`,
      },
    });
    expect((await refusalOf(runs(token, protocol).approve({ runId: "run_a" }))).reason).toBe("PERMISSION_DENIED");
  });

  it("a role that is missing, or a wrong key, is refused by a typed error", async () => {
    const client = runs(KEYS.approver.text, protocol);
    expect((await refusalOf(client.start(asked))).reason).toBe("PERMISSION_DENIED");
    expect((await refusalOf(runs(newApiKey().text, protocol).start(asked))).reason).toBe("UNAUTHENTICATED");
    expect((await refusalOf(runs(KEYS.expired.text, protocol).start(asked))).message).toContain("expired");
    const stream = runs(KEYS.worker.text, protocol).streamEvents({ runId: "run_a" })[Symbol.asyncIterator]();
    expect((await refusalOf(stream.next())).reason).toBe("PERMISSION_DENIED");
  });

  it("a delegate says for whom it speaks, and nobody else does", async () => {
    const bot = runs(KEYS.delegate.text, protocol);
    expect((await refusalOf(bot.start(asked))).reason).toBe("PERMISSION_DENIED");
    await bot.start({ ...asked, onBehalfOf: "alex" });
    expect(lastSeen()?.caller?.subject).toBe("chat-bot");
    for (const text of [KEYS.runner.text, KEYS.admin.text]) {
      expect((await refusalOf(runs(text, protocol).start({ ...asked, onBehalfOf: "alex" }))).reason).toBe(
        "PERMISSION_DENIED",
      );
    }
    const decisions = [
      bot.approve({ runId: "run_a" }),
      bot.reject({ runId: "run_a", reason: "no" }),
      bot.respond({ runId: "run_a", contentJson: "1" }),
      bot.settle({ runId: "run_a", outcome: 1 }),
    ];
    for (const decision of decisions) expect((await refusalOf(decision)).reason).toBe("PERMISSION_DENIED");
  });
});

describe("over grpc-js", () => {
  const start = toBinary(StartRequestSchema, create(StartRequestSchema, asked));

  it.each(["port", "grpcPort"] as const)("a credential is asked for on the %s", async (port) => {
    const status = await statusOf(grpcJsCall(guarded.gateway[port], START, start));
    expect(oursOfStatus(status).reason).toBe("UNAUTHENTICATED");
    await grpcJsCall(guarded.gateway[port], START, start, { authorization: `Bearer ${KEYS.runner.text}` });
    const denied = await statusOf(
      grpcJsCall(guarded.gateway[port], START, start, { authorization: `Bearer ${KEYS.worker.text}` }),
    );
    expect(oursOfStatus(denied).reason).toBe("PERMISSION_DENIED");
  });

  it("and before the request is read, so that it tells strangers nothing", async () => {
    const junk = Buffer.from([0xff, 0xff, 0xff]);
    for (const port of [guarded.gateway.port, guarded.gateway.grpcPort]) {
      expect(oursOfStatus(await statusOf(grpcJsCall(port, START, junk))).reason).toBe("UNAUTHENTICATED");
    }
    const response = await fetch(`http://127.0.0.1:${guarded.gateway.port}${START}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{not json",
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("Bearer");
  });
});

describe("a web page", () => {
  const ask = (origin: string, method = "POST") =>
    fetch(`http://127.0.0.1:${guarded.gateway.port}/agentspan.v1.RunService/ListRuns`, {
      method,
      headers: {
        origin,
        ...(method === "OPTIONS"
          ? { "access-control-request-method": "POST" }
          : { "content-type": "application/json", authorization: `Bearer ${KEYS.runner.text}` }),
      },
      ...(method === "OPTIONS" ? {} : { body: "{}" }),
    });

  it("of the list or of this machine may ask, and one of another origin may not, whatever credential it has", async () => {
    for (const origin of ["https://desk.acme.test", "http://localhost:3000"]) {
      expect((await ask(origin, "OPTIONS")).headers.get("access-control-allow-origin")).toBe(origin);
      expect((await ask(origin)).status).toBe(200);
    }
    for (const origin of ["https://evil.test", "null"]) {
      const preflight = await ask(origin, "OPTIONS");
      expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
      expect((await ask(origin)).status).toBe(403);
    }
  });
});
