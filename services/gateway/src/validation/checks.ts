// The rules that several messages share. Each check notes what is wrong and goes on.
import { canonicalJson, Limits, NAME_PATTERN, personNameProblem, unseenProblem } from "@agentspan/internal";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { Faults, type LimitName } from "./faults.js";

const NAME_FORM = "must be 1 to 64 letters, digits, '_' or '-', and begin with a letter or '_'";
// Ids of ours are one token of a NATS subject; what is no such token can be no id, and must never reach a subject.
const ID_PATTERN = /^[A-Za-z0-9_-]{1,128}$/;
/** What is stored of it must be a date of at most the year 9999. */
const MAX_DURATION_SECONDS = BigInt(Limits.durationDays) * 86_400n;
const MAX_TOKEN_BYTES = 4_096;

export function checkName(faults: Faults, field: string, name: string): void {
  if (!NAME_PATTERN.test(name)) faults.add(field, name === "" ? "is required" : NAME_FORM);
}

export function checkOptionalName(faults: Faults, field: string, name: string): void {
  if (name !== "") checkName(faults, field, name);
}

export function checkId(faults: Faults, field: string, id: string): void {
  if (!ID_PATTERN.test(id)) faults.add(field, id === "" ? "is required" : "is not an id that this server gave");
}

export function checkOptionalId(faults: Faults, field: string, id: string): void {
  if (id !== "") checkId(faults, field, id);
}

/** The id that a caller gave a decision or a request, which people find it by; empty where they gave none. */
export function checkCallersId(faults: Faults, field: string, id: string): void {
  checkSize(faults, field, id, "decisionIdBytes");
  const problem = unseenProblem(id);
  if (problem !== undefined) faults.add(field, problem);
  else if (id.trim() !== id) faults.add(field, "must not begin or end with a blank");
}

/** Bytes of UTF-8 against a limit. */
export function checkSize(faults: Faults, field: string, text: string, limit: LimitName): void {
  // A text has at most three bytes a UTF-16 unit, so that most need no counting.
  if (text.length * 3 <= Limits[limit]) return;
  const size = Buffer.byteLength(text);
  if (size > Limits[limit]) faults.exceeds(field, limit, size);
}

export function checkLabels(faults: Faults, field: string, labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > Limits.labels) faults.exceeds(field, "labels", entries.length);
  for (const [key, value] of entries) {
    const path = `${field}[${JSON.stringify(key.slice(0, 64))}]`;
    if (key === "") faults.add(path, "has an empty key");
    checkSize(faults, path, key, "labelKeyBytes");
    checkSize(faults, path, value, "labelValueBytes");
  }
}

/** A duration that is longer than nothing, or with `zero` also nothing. */
export function checkDuration(faults: Faults, field: string, duration: Duration | undefined, zero = false): void {
  if (duration === undefined) return;
  const { seconds, nanos } = duration;
  if (nanos < 0 || nanos > 999_999_999 || seconds < 0n || seconds > MAX_DURATION_SECONDS) {
    faults.add(field, `must be a duration from 0 to ${MAX_DURATION_SECONDS} s, which are ${Limits.durationDays} days`);
  } else if (!zero && seconds === 0n && nanos === 0) {
    faults.add(field, "must be longer than 0; leave it out for none");
  }
}

export function checkPageSize(faults: Faults, field: string, size: number): void {
  if (size > Limits.pageSize) faults.add(field, `must be at most ${Limits.pageSize}; 0 takes the default`);
}

export function checkPageToken(faults: Faults, field: string, token: string): void {
  if (token.length > MAX_TOKEN_BYTES) faults.add(field, "is not a token that this server gave");
}

/** A request for a list that is asked for by its page alone. */
export function checkPage({ pageSize, pageToken }: { readonly pageSize: number; readonly pageToken: string }): void {
  const faults = new Faults();
  checkPageSize(faults, "pageSize", pageSize);
  checkPageToken(faults, "pageToken", pageToken);
  faults.throwIfAny();
}

export function checkOnBehalfOf(faults: Faults, field: string, subject: string): void {
  if (subject !== "") checkPerson(faults, field, subject);
}

/** The name of somebody, or of a group. */
export function checkPerson(faults: Faults, field: string, name: string): void {
  const problem = personNameProblem(name);
  if (problem !== undefined) faults.add(field, problem);
}

/** JSON text, within a limit, that can have only one meaning. */
export function checkJson(faults: Faults, field: string, text: string, limit: LimitName): void {
  const size = Buffer.byteLength(text);
  if (size > Limits[limit]) {
    faults.exceeds(field, limit, size);
    return;
  }
  const read = canonicalJson(text);
  if (!read.ok) faults.add(field, `is not JSON that can be taken: ${read.problem}`);
}

/** A value of an enum, and not its zero, which means that nothing was said. Unknown numbers come from newer clients. */
export function checkEnum(faults: Faults, field: string, value: number, known: Readonly<Record<number, string>>): void {
  if (value === 0) faults.add(field, "must be said");
  else if (known[value] === undefined) faults.add(field, `is ${value}, which this server does not know`);
}
