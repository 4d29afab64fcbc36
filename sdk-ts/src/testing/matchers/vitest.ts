// For a setup file of Vitest: `import "@agentspan/sdk/testing/vitest"`.
import { expect } from "vitest";
import { type RunMatchers, runMatchers } from "./index.js";

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: Vitest's own declaration has this parameter, and the two must be one.
  interface Matchers<T = any> extends RunMatchers<T> {}
}

expect.extend(runMatchers);
