import type { World } from "../../src/index.js";

/** Shows one behaviour, or throws. It speaks to the bus, the stack and the driver, and knows no SDK. */
export type Scenario = (world: World) => Promise<void>;

/** By the number that the behaviour has in workers/CONFORMANCE.md. */
export type Scenarios = Readonly<Record<number, Scenario>>;
