import { createLogger } from "@agentspan/internal";
import { KeyService, RunService } from "@agentspan/proto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FailureLog } from "../../src/auth/failure-log.js";
import { strictGuard } from "../../src/auth/guard.js";
import { type Identity, Refused, type RefusedFor, type Verifier } from "../../src/auth/identity.js";
import { OpenStreams } from "../../src/auth/open-streams.js";

afterEach(() => vi.useRealTimers());

function recorder() {
  const lines: string[] = [];
  return { lines, log: createLogger("test", "info", { write: (line: string) => void lines.push(line) }) };
}

let good = true;
const identity: Identity = {
  caller: { subject: "alex", roles: ["runner"], groups: [], method: "api_key", credentialId: "k1" },
  namespace: "acme",
  stillGood: async () => {
    if (!good) throw new Refused("revoked", "It was revoked.");
  },
};
const verifier: Verifier = {
  takes: (credential) => credential.startsWith("key-"),
  verify: async (credential) => {
    if (credential !== "key-good") throw new Refused("unknown key", "No such key.");
    return identity;
  },
};

function guard(log = createLogger("test", "silent")) {
  const streams = new OpenStreams(10);
  const failures = new FailureLog<RefusedFor>(log, { first: "One was refused", more: "Others were refused" });
  return strictGuard({ verifiers: [verifier], allowedOrigins: ["https://desk.acme.test"], failures, streams });
}
const shown = (authorization: string | undefined) => ({ authorization, address: "10.0.0.1" });

describe("whoever calls, with authentication on", () => {
  it.each(["Bearer key-good", "bearer key-good", "BEARER   key-good"])("is known by %j", async (authorization) => {
    expect(await guard().admit(RunService.method.start, shown(authorization))).toBe(identity);
  });

  it.each([
    [undefined, "missing"],
    ["", "missing"],
    ["key-good", "malformed"],
    ["Basic key-good", "malformed"],
    ["Bearer key-good key-good", "malformed"],
    ["Bearer", "malformed"],
    ["Bearer something", "malformed"],
    ["Bearer key-bad", "unknown key"],
  ])("is refused with %j", async (authorization, why) => {
    const refusal = guard().admit(RunService.method.start, shown(authorization));
    await expect(refusal).rejects.toMatchObject({ reason: "UNAUTHENTICATED", why });
  });

  it("is told which role is missing", async () => {
    await expect(guard().admit(KeyService.method.listKeys, shown("Bearer key-good"))).rejects.toMatchObject({
      reason: "PERMISSION_DENIED",
      message: "KeyService/ListKeys takes the role admin, and alex has runner.",
    });
    // Of what the audit keeps it is asked once the request is read.
    for (const method of [KeyService.method.createKey, RunService.method.approve]) {
      expect(await guard().admit(method, shown("Bearer key-good"))).toMatchObject({ namespace: "acme" });
    }
  });

  it("is named to the handler with namespace and address", () => {
    const call = { signal: new AbortController().signal, address: "10.0.0.1", header: () => undefined };
    expect(guard().contextOf(identity, RunService.method.start, call)).toMatchObject({
      caller: { subject: "alex", roles: ["runner"], address: "10.0.0.1" },
      namespace: "acme",
      signal: call.signal,
    });
  });

  it("may be a page of the list or of this machine, and of no other origin", () => {
    const asked = (origin?: string) => guard().refusal({ authority: "agentspan.acme.test", origin })?.reason;
    for (const origin of [undefined, "https://desk.acme.test", "http://localhost:3000"])
      expect(asked(origin)).toBeUndefined();
    for (const origin of [
      "https://acme.test",
      "http://desk.acme.test",
      "null",
      "",
      "https://desk.acme.test.evil.test",
    ]) {
      expect(asked(origin)).toBe("PERMISSION_DENIED");
    }
  });
});

describe("the desk", () => {
  it("is a page of the gateway's own, and asks the host that it came from", () => {
    const asked = (authority: string | undefined, origin: string) => guard().refusal({ authority, origin })?.reason;
    expect(asked("agentspan.acme.test", "https://agentspan.acme.test")).toBeUndefined();
    expect(asked("Agentspan.acme.test:8443", "https://agentspan.acme.test:8443")).toBeUndefined();
    expect(asked("agentspan.acme.test:8443", "https://agentspan.acme.test")).toBe("PERMISSION_DENIED");
    expect(asked(undefined, "https://agentspan.acme.test")).toBe("PERMISSION_DENIED");
  });
});

describe("a stream", () => {
  it("ends when its credential is not good any more, and is forgotten when it ends by itself", async () => {
    vi.useFakeTimers();
    good = true;
    const ended = new AbortController();
    const call = (signal: AbortSignal) => ({ signal, address: "", header: () => undefined });
    const open = guard();
    const lasting = open.contextOf(identity, RunService.method.streamEvents, call(new AbortController().signal));
    const gone = open.contextOf(identity, RunService.method.streamEvents, call(ended.signal));
    await vi.advanceTimersByTimeAsync(50);
    expect(lasting.signal.aborted).toBe(false);
    ended.abort(new Error("gone"));
    expect(gone.signal.reason).toMatchObject({ message: "gone" });
    good = false;
    await vi.advanceTimersByTimeAsync(50);
    expect(lasting.signal.reason).toMatchObject({ reason: "UNAUTHENTICATED", why: "revoked" });
    expect(vi.getTimerCount()).toBe(0);
    good = true;
  });
});

describe("refused credentials", () => {
  it("cost two lines a minute, however many they are, and none of them holds a credential", async () => {
    vi.useFakeTimers();
    const { lines, log } = recorder();
    const busy = guard(log);
    const guess = (times: number) =>
      Promise.allSettled(
        Array.from({ length: times }, (_, at) =>
          busy.admit(RunService.method.start, { authorization: `Bearer key-hunter${at}`, address: `10.0.0.${at}` }),
        ),
      );
    await guess(500);
    expect(lines).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ why: { "unknown key": 499 }, addresses: expect.any(Array) });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toHaveLength(2);
    await guess(1);
    expect(lines).toHaveLength(3);
    expect(lines.join("")).not.toContain("hunter");
  });
});
