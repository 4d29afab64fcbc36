import { afterAll, afterEach, beforeAll } from "vitest";
import { Stack, type StackOptions } from "../src/index.js";

/** Registers hooks that start and stop a stack; the returned object is filled in before the first test of its block. */
export function withStack(options: StackOptions = {}): { readonly current: Stack } {
  let stack: Stack | undefined;
  beforeAll(async () => {
    stack = await Stack.start(options);
  });
  afterEach(({ task }) => {
    if (task.result?.state === "fail" && stack !== undefined) process.stderr.write(`${stack.logs()}\n`);
  });
  afterAll(async () => {
    await stack?.stop();
  });
  return {
    get current(): Stack {
      if (stack === undefined) throw new Error("The stack is started in beforeAll, and it did not start.");
      return stack;
    },
  };
}
