// The code of each reason, as docs/errors.md tells people.
import { readFileSync } from "node:fs";
import type { Reason } from "@agentspan/internal";

const TABLE = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const CODES = new Map(
  [...TABLE.matchAll(/^\| ([A-Z_]+) +\| ([A-Z_]+) +\|/gm)].map(([, reason = "", code = ""]) => [reason, code]),
);

export function codeOfReason(reason: Reason): string {
  const code = CODES.get(reason);
  if (code === undefined) throw new Error(`docs/errors.md has no reason ${reason}.`);
  return code;
}
