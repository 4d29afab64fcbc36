import { describe, expect, it } from "vitest";
import { callHeaders } from "../src/rpc/credential.js";

const headersOf = (...said: Parameters<typeof callHeaders>) => callHeaders(...said)();

describe("an API key", () => {
  it("goes with every call, from the option before the environment", async () => {
    expect(await headersOf(undefined, undefined, undefined)).toEqual({});
    expect(await headersOf(undefined, undefined, " ")).toEqual({});
    expect(await headersOf({ a: "b" }, undefined, "agsp_a_b\n")).toEqual({ a: "b", authorization: "Bearer agsp_a_b" });
    expect(await headersOf(undefined, "said", "env")).toEqual({ authorization: "Bearer said" });
  });

  it("is not put over a header of the program's own, unless it was said", async () => {
    const headers = { Authorization: "Bearer own" };
    expect(await headersOf(headers, undefined, "env")).toEqual(headers);
    expect(await headersOf(headers, "said", "env")).toEqual({ authorization: "Bearer said" });
  });

  it.each(["", "two words", "two\nlines", "ключ"])("is not %j, and what was said is not told", (said) => {
    expect(() => callHeaders(undefined, said, "env")).toThrow(/^apiKey must be one API key or token/);
    expect(() => callHeaders(undefined, undefined, "hunter 2")).toThrow(/^AGENTSPAN_API_KEY must be(?!.*hunter)/);
  });

  it("may be given anew for each call", async () => {
    let calls = 0;
    const headers = callHeaders({ a: "b" }, async () => `token-${++calls}`, "env");
    expect(await headers()).toEqual({ a: "b", authorization: "Bearer token-1" });
    expect(await headers()).toEqual({ a: "b", authorization: "Bearer token-2" });
  });

  it("that a function does not give refuses the call, and says why", async () => {
    const away = callHeaders(undefined, () => Promise.reject(new Error("the issuer is away")), undefined);
    await expect(away()).rejects.toMatchObject({
      reason: "UNAUTHENTICATED",
      message: expect.stringMatching(/apiKey\(\) gave no API key or token: the issuer is away/),
    });
    await expect(callHeaders(undefined, () => "two words", undefined)()).rejects.toThrow(
      /^what apiKey\(\) gives must be/,
    );
  });
});
