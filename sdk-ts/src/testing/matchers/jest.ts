// For setupFilesAfterEnv of Jest: "@agentspan/sdk/testing/jest". Where Jest injects no globals, extend the expect that is
// imported there: `expect.extend(runMatchers)`.
import type {} from "expect";
import { KitError } from "../kit-error.js";
import { type RunMatchers, runMatchers } from "./index.js";

declare module "expect" {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends RunMatchers<R> {}
}

declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: @types/jest has this parameter, and the two must be one.
    interface Matchers<R, T = {}> extends RunMatchers<R> {}
  }
}

interface Extendable {
  extend(matchers: typeof runMatchers): void;
}

const { expect } = globalThis as { readonly expect?: Extendable };
if (expect === undefined) {
  throw new KitError("There is no global expect to extend: import it, and call expect.extend(runMatchers).");
}
expect.extend(runMatchers);
