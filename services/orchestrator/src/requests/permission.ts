// The same table of permissions that the gateway asks, asked once more: whoever could speak to orchestrators without
// a gateway, or through one that does not ask, gets no further for it.
import {
  AgentspanError,
  delegateProblem,
  EVERYTHING,
  GATEWAY_ROLE,
  mayCall,
  personNameProblem,
  rolesFor,
} from "@agentspan/internal";
import type { Caller } from "@agentspan/proto";

/** Throws UNAUTHENTICATED where authentication is on and nobody was asked who they are. */
export function requireKnown({ method, roles }: Caller): void {
  const known = ["api_key", "jwt", "slack"].includes(method) || roles.includes(GATEWAY_ROLE);
  if (known && !roles.includes(EVERYTHING)) return;
  throw new AgentspanError(
    "UNAUTHENTICATED",
    "This orchestrator has AGENTSPAN_AUTH=on, and the gateway that asked has not. Set it there too.",
  );
}

/** Throws PERMISSION_DENIED. */
export function requireRole(method: string, { subject, roles }: Caller): void {
  if (!mayCall(method, roles)) {
    throw new AgentspanError(
      "PERMISSION_DENIED",
      `${method} takes the role ${rolesFor(method)}, which ${subject} has not.`,
    );
  }
}

/**
 * Throws PERMISSION_DENIED where a delegate does not say for whom it speaks, or another says so, and INVALID_REQUEST where
 * that is no name: it is compared with those of whoever started the run and voted.
 */
export function requireSpeaker(method: string, { roles }: Caller, request: object): void {
  const onBehalfOf = "onBehalfOf" in request && typeof request.onBehalfOf === "string" ? request.onBehalfOf : "";
  const problem = delegateProblem(method, roles, onBehalfOf);
  if (problem !== undefined) throw new AgentspanError("PERMISSION_DENIED", problem);
  const fault = onBehalfOf === "" ? undefined : personNameProblem(onBehalfOf);
  if (fault !== undefined) throw new AgentspanError("INVALID_REQUEST", `The name in on_behalf_of ${fault}.`);
}
