// One rule for every length of time in the SDK.
import { AgentspanError, parseDuration } from "@agentspan/internal";
import { shown } from "./option-check.js";

/** Milliseconds as a number, or a whole or decimal number with a unit: "500ms", "30s", "5m", "1.5h", "7d". */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** Milliseconds of a duration, rounded. Throws INVALID_REQUEST, naming `field`, where it is no duration above zero. */
export function toMilliseconds(duration: Duration, field: string): number {
  const read = typeof duration === "string" ? parseDuration(duration) : duration;
  const ms = typeof read === "number" ? read : Number.NaN;
  if (ms > 0 && ms <= Number.MAX_SAFE_INTEGER) return Math.max(1, Math.round(ms));
  throw new AgentspanError(
    "INVALID_REQUEST",
    `${field} is ${shown(duration)}; it must be a number of milliseconds above 0, or text such as "30s" or "5m".`,
    { fields: [{ field, description: "not a duration" }] },
  );
}
