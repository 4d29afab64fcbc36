// The whole list, run at one driver.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type Behaviour, behavioursOf, type Driver, World } from "../src/index.js";
import { CANCELLING } from "./scenarios/cancelling.js";
import { CHECKING } from "./scenarios/checking.js";
import { CLAIMING } from "./scenarios/claiming.js";
import { DYING } from "./scenarios/dying.js";
import { HEARTBEATS } from "./scenarios/heartbeats.js";
import { LOOKING } from "./scenarios/looking.js";
import { OUTCOMES } from "./scenarios/outcomes.js";
import { REGISTERING } from "./scenarios/registering.js";
import { RUNNING } from "./scenarios/running.js";
import type { Scenario, Scenarios } from "./scenarios/scenarios.js";
import { VERSIONS } from "./scenarios/versions.js";

const PAGE = fileURLToPath(new URL("../../CONFORMANCE.md", import.meta.url));

export const BEHAVIOURS: readonly Behaviour[] = behavioursOf(readFileSync(PAGE, "utf8"));

export const SCENARIOS: Scenarios = {
  ...REGISTERING,
  ...CLAIMING,
  ...CHECKING,
  ...RUNNING,
  ...HEARTBEATS,
  ...OUTCOMES,
  ...CANCELLING,
  ...LOOKING,
  ...DYING,
  ...VERSIONS,
};

/** Throws where there is none. */
export function scenarioOf(number: number): Scenario {
  const scenario = SCENARIOS[number];
  if (scenario === undefined) throw new Error(`Behaviour ${number} has no scenario.`);
  return scenario;
}

/** A row of the table of drivers. */
export interface DriverRow {
  /** What people call the language. */
  readonly name: string;
  /** The driver, or why it cannot be started here. */
  readonly find: () => Promise<Driver | { readonly missing: string }>;
}

/** Registers a test for each behaviour; where the driver is not there they are skipped, and the reason is printed. */
export async function measure({ name, find }: DriverRow): Promise<void> {
  const found = await find();
  if ("missing" in found) {
    process.stderr.write(`Skipped the conformance of ${name}: ${found.missing}\n`);
    describe(`a worker in ${name}`, () => {
      for (const { number, sentence } of BEHAVIOURS) it.skip(`${number}. ${sentence}`, () => undefined);
    });
    return;
  }
  let world: World | undefined;
  beforeAll(async () => {
    world = await World.start(found);
    await world.stack();
  });
  afterAll(async () => {
    await world?.stop();
  });
  describe(`a worker in ${name}`, () => {
    for (const { number, sentence } of BEHAVIOURS) {
      it.concurrent(`${number}. ${sentence}`, async () => {
        if (world === undefined) throw new Error("The world is started in beforeAll, and did not start.");
        // Drivers that stood by until all were through would cost a fifth more.
        await world.lend(async (lent) => {
          try {
            await scenarioOf(number)(lent);
          } catch (error) {
            process.stderr.write(`${await lent.logs()}\n`);
            throw error;
          }
        });
      });
    }
  });
}
