import { inspect } from "node:util";
import {
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from "mongodb";
import { describe, expect, it } from "vitest";
import { connectFailure, mongoClient } from "../../src/mongo/connect-failure.js";
import { MongoStore } from "../../src/mongo/mongo-store.js";
import { failureOf, isWorthRetrying, storeErrorOf } from "../../src/mongo/store-failure.js";

/** The driver throws it, and does not export its class, when it asks a pool that was emptied for a connection. */
class PoolCleared extends MongoNetworkError {
  override get name(): string {
    return "MongoPoolClearedError";
  }
}

const server = (code: number) => new MongoServerError({ message: "no", code });
const notOnMajority = new MongoWriteConcernError({ ok: 1, writeConcernError: { code: 79, errmsg: "no" } });

describe("what is known after a command failed", () => {
  it("was not sent when there was no connection to send it on", () => {
    expect(failureOf(new PoolCleared("cleared"))).toBe("not_sent");
    expect(failureOf(new MongoTopologyClosedError())).toBe("not_sent");
    expect(failureOf(new MongoNetworkError("connecting", { beforeHandshake: true }))).toBe("not_sent");
  });

  it("is unanswered when the connection broke, the time was over or the primary moved", () => {
    expect(failureOf(new MongoNetworkError("reset"))).toBe("unanswered");
    expect(failureOf(new MongoNetworkTimeoutError("slow"))).toBe("unanswered");
    for (const code of [50, 64, 91, 189, 10107, 11602]) expect(failureOf(server(code))).toBe("unanswered");
  });

  it("is unanswered when the server failed by itself: nobody knows how far it had come", () => {
    for (const code of [1, 8, 14031]) expect(failureOf(server(code))).toBe("unanswered");
    const told = storeErrorOf(server(1));
    expect(told).toMatchObject({ reason: "STORE_UNAVAILABLE", retryable: true });
    expect(told.message).toMatch(/an error of its own \(code 1\)/);
  });

  it("is unanswered when Node itself says that the socket has ended", () => {
    const ended = Object.assign(new Error("This socket has been ended by the other party"), { code: "EPIPE" });
    expect(failureOf(ended)).toBe("unanswered");
    expect(failureOf(Object.assign(new Error("write after end"), { code: "ERR_STREAM_WRITE_AFTER_END" }))).toBe(
      "unanswered",
    );
    expect(failureOf(Object.assign(new TypeError("a fault of ours"), { code: "ERR_INVALID_ARG_TYPE" }))).toBe(
      "refused",
    );
    expect(storeErrorOf(ended)).toMatchObject({ reason: "STORE_UNAVAILABLE", retryable: true });
  });

  it("is unanswered when the write is not on a majority, whatever the reason", () => {
    expect(failureOf(notOnMajority)).toBe("unanswered");
  });

  it("was refused when the server said no for good, and when it is no failure of the database", () => {
    for (const code of [13, 121, 10334]) expect(failureOf(server(code))).toBe("refused");
    expect(failureOf(new TypeError("a fault of ours"))).toBe("refused");
  });

  it("is worth a second read where that costs no time", () => {
    expect(isWorthRetrying(new MongoNetworkError("reset"))).toBe(true);
    expect(isWorthRetrying(new PoolCleared("cleared"))).toBe(true);
    expect(isWorthRetrying(server(10107))).toBe(true);
    expect(isWorthRetrying(new MongoNetworkTimeoutError("slow"))).toBe(false);
    expect(isWorthRetrying(server(50))).toBe(false);
    expect(isWorthRetrying(server(13))).toBe(false);
  });

  it("tells callers to wait, that a limit is passed, or that the fault is ours, and keeps the cause to itself", () => {
    const cause = new MongoNetworkError("reset by mongodb://user:password@host");
    const away = storeErrorOf(cause);
    expect(away).toMatchObject({ reason: "STORE_UNAVAILABLE", retryable: true, cause });
    expect(away.retryAfterMs).toBeGreaterThan(0);
    expect(away.message).not.toContain("password");
    expect(storeErrorOf(server(10334))).toMatchObject({ reason: "LIMIT_EXCEEDED" });
    expect(storeErrorOf(server(13))).toMatchObject({ reason: "INTERNAL", retryable: false });
  });
});

describe("a start without MongoDB", () => {
  it.each([
    "mongodb://ops@acme.test:Tr0ub4dor/3@127.0.0.1/",
    "mongodb://ops:Tr0ub4dor/3@127.0.0.1/",
    "mongodb://ops:Tr0ub4dor%zz@127.0.0.1/",
    "mongodb://ops:x@127.0.0.1/?Tr0ub4dor=x",
    "mongodb://127.0.0.1/?tls=Tr0ub4dor",
    "mongodb://127.0.0.1:99999/",
  ])("tells that %s cannot be read, and shows nothing of it", async (uri) => {
    const thrown = await MongoStore.connect({ uri, database: "agentspan" }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ reason: "INVALID_REQUEST", message: /^MONGODB_URI cannot be read\./ });
    expect(inspect(thrown, { depth: 9 })).not.toMatch(/Tr0ub4dor|99999/);
  });

  it("tells where nobody answers, without the login", async () => {
    const uri = "mongodb://ops:hunter2@127.0.0.1:1,localhost:1/?replicaSet=rs0";
    const connected = MongoStore.connect({ uri, database: "agentspan", times: { selectionMs: 50 } });
    await expect(connected).rejects.toMatchObject({
      reason: "STORE_UNAVAILABLE",
      message: "No MongoDB server can be reached at 127.0.0.1:1, localhost:1. Start one, or correct MONGODB_URI.",
    });
  });

  it("tells that the login is refused, and where, unless that may be a part of it", async () => {
    const told = (uri: string, code = 18) => connectFailure(server(code), uri, mongoClient(uri, {})).message;
    expect(told("mongodb://ops:hunter2@db.test/")).toMatch(
      /^MongoDB at db\.test:27017 refuses the login of MONGODB_URI \(code 18\)/,
    );
    expect(told("mongodb://ops:hunter2@db.test/", 13)).toContain("readWrite");
    expect(told("mongodb://ops@acme.test:123/3@127.0.0.1/")).toMatch(/^MongoDB refuses the login/);
    expect(told("mongodb://db.test/", 14031)).toMatch(/an error of its own/);
  });
});
