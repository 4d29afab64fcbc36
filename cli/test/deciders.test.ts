import { PassThrough } from "node:stream";
import { eventually } from "@agentspan/servers/eventually";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askingPerson, type Decider } from "../src/demo/deciders.js";
import { capturedOutput } from "./captured-output.js";

let input: PassThrough;
let decider: Decider;
let left: boolean;
let shown: () => string;
const never = new AbortController().signal;
beforeEach(() => {
  input = new PassThrough();
  left = false;
  const { output, out } = capturedOutput({ columns: 80 });
  shown = out;
  decider = askingPerson(input, output, () => {
    left = true;
  });
});
afterEach(() => decider.close());

const asked = (question: string, times = 1) =>
  eventually(() => expect(shown().split(question)).toHaveLength(times + 1));

describe("a person at a terminal", () => {
  it.each(["y", "Y", " yes "])("approves with %j", async (answer) => {
    const decision = decider.decide(never);
    await asked("Approve? (y/n): ");
    input.write(`${answer}\n`);
    expect(await decision).toEqual({ kind: "approve" });
  });

  it("rejects with n and is asked for a reason until there is one", async () => {
    const decision = decider.decide(never);
    await asked("Approve? (y/n): ");
    input.write("n\n");
    await asked("Rejection reason: ");
    input.write(" \u2800 \n");
    await asked("Rejection reason: ", 2);
    input.write(" too expensive \n");
    expect(await decision).toEqual({ kind: "reject", reason: "too expensive" });
  });

  it("may paste answer and reason at once", async () => {
    const decision = decider.decide(never);
    await asked("Approve? (y/n): ");
    input.write("n\ntoo expensive\n");
    expect(await decision).toEqual({ kind: "reject", reason: "too expensive" });
  });

  it("is asked again for anything but y and n, so that no key decides by chance", async () => {
    const decision = decider.decide(never);
    await asked("Approve? (y/n): ");
    input.write("\n");
    await asked("Approve? (y/n): ", 2);
    input.write("yup\n");
    await asked("Approve? (y/n): ", 3);
    input.write("y\n");
    expect(await decision).toEqual({ kind: "approve" });
  });

  it("has not approved with what was typed before the question was there", async () => {
    input.write("y\n");
    await new Promise((resolve) => setImmediate(resolve));
    const stop = new AbortController();
    const decision = decider.decide(stop.signal);
    await asked("Approve? (y/n): ");
    stop.abort();
    expect(await decision).toBeUndefined();
    expect(left).toBe(false);
  });

  it("leaves with Ctrl-D, which decides nothing", async () => {
    const decision = decider.decide(never);
    await asked("Approve? (y/n): ");
    input.end();
    expect(await decision).toBeUndefined();
    expect(left).toBe(true);
  });
});
