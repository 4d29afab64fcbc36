import { agents } from "./agent.js";
import type { Scenario } from "./check.js";
import { approved, asked, cancelled, rejected, settled } from "./decisions.js";
import { fleet } from "./fleet.js";
import { grants, keys } from "./records.js";
import { health, reflection, refusals, unknownCalls, unknownCallsBare, unknownFields } from "./server.js";
import { webhooks } from "./webhooks.js";
import { compressed, edges, reasons } from "./wire.js";

/** More of what `approved` shows, and small messages alone: nothing in them hangs on how they travel. */
export const OF_THE_HANDLERS: readonly Scenario[] = [
  agents,
  rejected,
  asked,
  settled,
  cancelled,
  grants,
  keys,
  webhooks,
];

/** Asked of a whole installation. */
export const OF_THE_INSTALLATION: readonly Scenario[] = [
  ...OF_THE_HANDLERS,
  ...[approved, health, reflection, refusals, unknownCalls, unknownCallsBare, unknownFields],
];

/** Asked of a gateway whose orchestrator is scripted. */
export const OF_THE_GATEWAY: readonly Scenario[] = [reasons, edges, compressed, fleet];
