import { AgentspanError } from "@agentspan/internal";
import { LocalStackError } from "@agentspan/local";
import { ServersError } from "@agentspan/servers";
import { afterEach, expect, it, vi } from "vitest";
import { CommandError, Interrupted } from "../src/command-error.js";
import { failureOf } from "../src/failure.js";

afterEach(() => vi.unstubAllEnvs());

it("tells what the libraries say as it is, and ends with 1", () => {
  const errors = [
    new AgentspanError("RUN_NOT_FOUND", "There is no run x."),
    new LocalStackError("PORT_TAKEN", "Port 1 is taken."),
    new ServersError("NO_PYTHON", "No Python."),
    new CommandError("The run did not complete."),
  ];
  expect(errors.map(failureOf)).toEqual(errors.map(({ message }) => ({ message, exitCode: 1 })));
});

it("ends with 2 where the command was called wrongly, and as a shell expects after Ctrl-C", () => {
  const wrong = [
    new CommandError("Say which.", 2),
    new AgentspanError("INVALID_REQUEST", "The name is none."),
    new AgentspanError("INVALID_ARGUMENTS", "The arguments do not fit."),
    new LocalStackError("PORT_TWICE", "Two options name one port."),
  ];
  expect(wrong.map((error) => failureOf(error).exitCode)).toEqual([2, 2, 2, 2]);
  expect(failureOf(new Interrupted())).toEqual({ message: undefined, exitCode: 130 });
});

it("names the fields that a request was refused for", () => {
  const error = new AgentspanError("INVALID_REQUEST", "The request is wrong.", {
    fields: [{ field: "agent.name", description: "is missing" }],
  });
  expect(failureOf(error).message).toBe("The request is wrong.\n  agent.name: is missing");
});

it("shows the stack of a fault of our own only where it is asked for, and never a secret", () => {
  const error = new TypeError("cannot read mongodb://me:secret@host/");
  expect(failureOf(error).message).toBe(
    "This should not have happened: cannot read mongodb://[redacted]@host/\nWith AGENTSPAN_LOG_LEVEL=debug the same command says where.",
  );
  vi.stubEnv("AGENTSPAN_LOG_LEVEL", "debug");
  expect(failureOf(error).message).toMatch(/\n\s+at /);
  expect(failureOf(error).message).not.toContain("me:secret");
});
