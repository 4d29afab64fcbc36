import { agents } from "./agent.js";
import type { Scenario } from "./check.js";
import { approved, asked, cancelled, rejected, settled } from "./decisions.js";
import { grants, keys } from "./records.js";
import { health, reflection, refusals, unknownCalls, unknownCallsBare } from "./server.js";
import { edges, reasons } from "./wire.js";

/** Asked of a whole installation. */
export const OF_THE_INSTALLATION: readonly Scenario[] = [
  ...[agents, approved, rejected, asked, settled, cancelled],
  ...[grants, keys, health, reflection, refusals, unknownCalls, unknownCallsBare],
];

/** Asked of a gateway whose orchestrator is scripted. */
export const OF_THE_GATEWAY: readonly Scenario[] = [reasons, edges];
