// A line of a child's log, for a person who asked to see them.
import { safeText } from "./safe-text.js";

/** "orchestrator  21:30:01.123 info  Ready orchestratorId=orc_x" from JSON; anything else as it is. */
export function logLine(child: string, line: string): string {
  return `${child.padEnd(12)}  ${safeText(readable(line))}`;
}

function readable(line: string): string {
  const entry = parsed(line);
  if (entry === undefined) return line;
  const { level, time, msg, name: _name, pid: _pid, ...fields } = entry;
  const rest = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)}${rest.join("")}`;
}

function parsed(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "msg" in value
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // Cut off, or not JSON after all.
  }
}
