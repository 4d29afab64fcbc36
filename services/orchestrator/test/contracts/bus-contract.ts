// What every adapter of the Bus port must do. One suite, so that a test that passes on the memory bus tells something
// about NATS.
import { createLogger } from "@agentspan/internal";
import { afterEach, describe } from "vitest";
import type { BusFixture, BusFixtureOptions, MakeBusFixture } from "./bus-fixture.js";
import { liveContract } from "./bus-live.js";
import { outageContract } from "./bus-outages.js";
import { ownerContract } from "./bus-owner.js";
import { queueContract } from "./bus-queue.js";
import { requestContract } from "./bus-requests.js";
import { workerContract } from "./bus-workers.js";

/** Opens a fixture that the test's end closes, and keeps what its buses log. */
export type OpenBus = (options?: BusFixtureOptions) => Promise<BusFixture & { readonly log: readonly string[] }>;

export function busContract(name: string, makeFixture: MakeBusFixture): void {
  describe(`${name} keeps the contract of Bus`, () => {
    const opened: BusFixture[] = [];
    afterEach(async () => {
      for (const fixture of opened.splice(0)) await fixture.close();
    });

    const open: OpenBus = async (options) => {
      const log: string[] = [];
      const logger = createLogger("test", "debug", { write: (line) => log.push(line) });
      const fixture = await makeFixture({ logger, ...options });
      opened.push(fixture);
      return Object.assign(fixture, { log });
    };

    describe("as a work queue", () => queueContract(open));
    describe("of one database", () => ownerContract(open));
    describe("to gateways", () => requestContract(open));
    describe("to workers", () => workerContract(open));
    describe("to watchers", () => liveContract(open));
    describe("through outages", () => outageContract(open));
  });
}
