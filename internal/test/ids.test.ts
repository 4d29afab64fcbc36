import { childRunIdOf, NAME_PATTERN, newId, runIdOf } from "@agentspan/internal";
import { describe, expect, it } from "vitest";

describe("newId", () => {
  it("gives the prefix and 26 characters that are safe in a subject and a name", () => {
    const id = newId("dec");
    expect(id).toMatch(/^dec_[a-z2-7]{26}$/);
    expect(id).toMatch(NAME_PATTERN);
  });

  it("gives another id every time", () => {
    expect(new Set(Array.from({ length: 1000 }, () => newId("x"))).size).toBe(1000);
  });
});

describe("runIdOf", () => {
  it("gives the same run for the same key in the same namespace, in every process", () => {
    // Stored runs depend on it: this value must never change.
    expect(runIdOf("default", "k")).toBe("run_6feckbo4lwhh4qkb6hpbc4f44i");
  });

  it("keeps namespaces and keys apart, wherever the border between them lies", () => {
    expect(runIdOf("a", "bc")).not.toBe(runIdOf("ab", "c"));
    expect(runIdOf("a", "b")).not.toBe(runIdOf("b", "b"));
  });
});

it("gives a run that a call starts an id that no idempotency key gives", () => {
  const id = childRunIdOf("run_a", "t1c1");
  expect(id).toMatch(/^run_[a-z2-7]{26}$/);
  expect(childRunIdOf("run_a", "t1c1")).toBe(id);
  expect(childRunIdOf("run_a", "t1c2")).not.toBe(id);
  expect(runIdOf("run_a", "t1c1")).not.toBe(id);
  expect(runIdOf("default", "\0run_a\0t1c1")).not.toBe(id);
});
