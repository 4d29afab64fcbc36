// What the gateway answers at its management port. The paths are those of the orchestrator, for one way to probe both.
import { healthAnswer, type ManagementPages } from "@agentspan/internal";
import type { Gateway } from "./gateway.js";

/** `/healthz`: it lives. `/startupz`: it has started, or there would be no port. `/readyz`: it serves now. */
export function healthPages(gateway: Pick<Gateway, "problem">): ManagementPages {
  return {
    "/healthz": () => healthAnswer(undefined),
    "/startupz": () => healthAnswer(undefined),
    "/readyz": async () => healthAnswer(await gateway.problem()),
  };
}
