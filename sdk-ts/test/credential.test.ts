import { describe, expect, it } from "vitest";
import { withCredential } from "../src/rpc/credential.js";

describe("an API key", () => {
  it("goes with every call, from the option before the environment", () => {
    expect(withCredential(undefined, undefined, undefined)).toEqual({});
    expect(withCredential(undefined, undefined, " ")).toEqual({});
    expect(withCredential({ a: "b" }, undefined, "agsp_a_b\n")).toEqual({ a: "b", authorization: "Bearer agsp_a_b" });
    expect(withCredential(undefined, "said", "env")).toEqual({ authorization: "Bearer said" });
  });

  it("is not put over a header of the program's own, unless it was said", () => {
    const headers = { Authorization: "Bearer own" };
    expect(withCredential(headers, undefined, "env")).toEqual(headers);
    expect(withCredential(headers, "said", "env")).toEqual({ authorization: "Bearer said" });
  });

  it.each(["", "two words", "two\nlines", "ключ"])("is not %j, and what was said is not told", (said) => {
    expect(() => withCredential(undefined, said, "env")).toThrow(/^apiKey must be one API key or token/);
    expect(() => withCredential(undefined, undefined, "hunter 2")).toThrow(/^AGENTSPAN_API_KEY must be(?!.*hunter)/);
  });
});
