// Says of an export whether it is as it was written: offline, and believing nothing but trusted keys.
import { digestOf } from "../canonical-json.js";
import { auditText, decisionText } from "../signing/statements.js";
import type { TrustedKeys } from "../signing/trusted-keys.js";
import { type AuditEntry, auditEntryId, auditEntryText, type SealedEntry } from "./audit-entry.js";
import { GrantUses, groundOf } from "./grant-uses.js";
import { type AuditHeader, readAuditLine, unreadableId } from "./read-audit-line.js";

export interface AuditFault {
  /** Of the file, from 1. */
  readonly line: number;
  /** Which entry; empty where the line is none. */
  readonly entry: string;
  /** What is wrong, in words. */
  readonly problem: string;
}

export interface AuditReport {
  readonly entries: number;
  readonly chains: number;
  readonly signed: number;
  /** In the order of the lines. None: the export is as it was written. */
  readonly faults: readonly AuditFault[];
  /** What cannot be told from this file, in sentences. */
  readonly notes: readonly string[];
}

interface Link {
  readonly line: number;
  readonly id: string;
  readonly sequence: number;
  readonly previous: string;
  readonly hash: string;
  readonly signed: boolean;
  readonly ends: boolean;
}

export interface VerifyAuditOptions {
  /** An entry that nobody signed is a fault; otherwise the newest of each chain must be signed, and only it. */
  readonly requireSignatures?: boolean;
}

/** Reads lines of an export; empty ones are passed over. Without trusted keys no signature is looked at. */
export async function verifyAudit(
  lines: Iterable<string> | AsyncIterable<string>,
  trusted?: TrustedKeys,
  { requireSignatures = false }: VerifyAuditOptions = {},
): Promise<AuditReport> {
  const chains = new Map<string, Link[]>();
  const faults: AuditFault[] = [];
  const uses = new GrantUses();
  let header: AuditHeader | undefined;
  let [line, entries, signed] = [0, 0, 0];
  for await (const text of lines) {
    line += 1;
    if (text.trim() === "") continue;
    const read = readAuditLine(text);
    if (read === undefined) {
      faults.push({ line, entry: unreadableId(text), problem: "this is no entry of an audit" });
      continue;
    }
    if ("agentspanAudit" in read) {
      if (line > 1) faults.push({ line, entry: "", problem: "another export begins inside of this one" });
      header ??= read;
      continue;
    }
    entries += 1;
    const id = auditEntryId(read.entry);
    if (read.signature !== undefined) signed += 1;
    else if (requireSignatures) faults.push({ line, entry: id, problem: "it is not signed" });
    for (const problem of ownProblems(read, trusted)) faults.push({ line, entry: id, problem });
    const chain = `${read.entry.namespace} ${read.entry.run} ${read.entry.chain}`;
    const links = chains.get(chain) ?? [];
    links.push(linkOf(read, id, line));
    uses.note(read.entry, { line, id });
    chains.set(chain, links);
  }
  const fromMiddle = header?.from !== undefined;
  const whole = header?.agentspanAudit === 1 && header.run === undefined && !fromMiddle && header.to === undefined;
  faults.push(...uses.faults(whole));
  for (const links of chains.values()) faults.push(...chainFaults(links, { fromMiddle, trusted }));
  const open = [...chains].filter(([name, links]) => name.endsWith(" run") && !links.some(({ ends }) => ends)).length;
  return {
    entries,
    chains: chains.size,
    signed,
    faults: faults.sort((one, other) => one.line - other.line),
    notes: notesOf({ header, entries, signed, open, trusted }),
  };
}

/** What is wrong with an entry taken alone. */
function ownProblems({ entry, hash, signature }: SealedEntry, trusted: TrustedKeys | undefined): readonly string[] {
  const problems: string[] = [];
  if (digestOf(auditEntryText(entry)) !== hash) problems.push("it was changed: its hash is not that of what it says");
  const { kind, arguments: shown, digest } = entry;
  if (kind === "requested" && typeof shown === "string" && shown !== "" && digestOf(shown) !== digest) {
    problems.push("what was shown is not what its digest says");
  }
  if (trusted === undefined) return problems;
  if (signature !== undefined) {
    const { run, chain, sequence } = entry;
    const { keyId, at } = signature;
    const bytes = Buffer.from(signature.signature, "base64url");
    const text = auditText({ run, chain, sequence, hash, at });
    const problem = trusted.problem("orchestrators", { text, keyId, signature: bytes, at });
    if (problem !== undefined) problems.push(`it was computed anew or signed by somebody else: ${problem}`);
  }
  const decision = decisionProblem(entry, { trusted, mustBeSigned: signature !== undefined });
  if (decision !== undefined) problems.push(`its decision is not the one that was signed: ${decision}`);
  return problems;
}

interface Signing {
  readonly trusted: TrustedKeys;
  readonly mustBeSigned: boolean;
}

/**
 * Decisions were signed on their own when they were made, before there was an entry of them. So an entry that was made
 * of a changed event is found too.
 */
function decisionProblem(entry: AuditEntry, { trusted, mustBeSigned }: Signing): string | undefined {
  const { kind, run, at, signed } = entry;
  if (kind !== "voted" && kind !== "decided") return undefined;
  if (typeof signed !== "object" || signed === null) return mustBeSigned ? "it is not signed" : undefined;
  const text = (field: string): string => {
    const value = entry[field];
    return typeof value === "string" ? value : "";
  };
  const ground = groundOf(entry);
  const { keyId, signature } = signed as Readonly<Record<string, unknown>>;
  const statement = {
    run,
    call: text("call"),
    approval: text("approval"),
    decision: text("decision"),
    digest: text("digest"),
    editedDigest: text("editedDigest"),
    outcome: text("outcome"),
    closes: kind === "decided",
    who: text("who"),
    onBehalfOf: text("onBehalfOf"),
    method: text("method"),
    credentialId: text("credentialId"),
    address: text("address"),
    comment: text("comment"),
    at,
    ...(ground === undefined ? {} : { ground }),
    ...(text("preview") === "" ? {} : { preview: text("preview") }),
    ...(text("group") === "" ? {} : { group: text("group") }),
  };
  const bytes = Buffer.from(String(signature), "base64url");
  return trusted.problem("orchestrators", {
    text: decisionText(statement),
    keyId: String(keyId),
    signature: bytes,
    at,
  });
}

function linkOf({ entry, hash, signature }: SealedEntry, id: string, line: number): Link {
  const { sequence, previous, kind } = entry;
  return { line, id, sequence, previous, hash, signed: signature !== undefined, ends: kind === "ended" };
}

interface Expectations {
  /** Earlier entries may be in another file. */
  readonly fromMiddle: boolean;
  readonly trusted: TrustedKeys | undefined;
}

function chainFaults(links: readonly Link[], { fromMiddle, trusted }: Expectations): readonly AuditFault[] {
  const faults: AuditFault[] = [];
  const fault = ({ line, id }: Link, problem: string): void => void faults.push({ line, entry: id, problem });
  let highest = links[0];
  for (const link of links.slice(1)) {
    if (highest !== undefined && link.sequence < highest.sequence) fault(link, `it stands after ${highest.id}`);
    else highest = link;
  }
  const ordered = [...links].sort((one, other) => one.sequence - other.sequence || one.line - other.line);
  let before: Link | undefined;
  for (const link of ordered) {
    if (before?.sequence === link.sequence) {
      fault(link, `it is there twice, in line ${before.line} too`);
      continue;
    }
    if (before === undefined) {
      if (link.previous !== "" && !fromMiddle) fault(link, "the first entries of its chain are missing");
    } else if (link.previous !== before.hash) {
      const between = "an entry between them is missing, or one of the two was computed anew";
      fault(link, `it does not follow on ${before.id}: ${between}`);
    }
    before = link;
  }
  if (trusted !== undefined && before !== undefined && !before.signed) {
    fault(before, "it is the newest of its chain and not signed: anybody could have computed the chain anew");
  }
  return faults;
}

interface Told {
  readonly header: AuditHeader | undefined;
  readonly entries: number;
  readonly signed: number;
  readonly open: number;
  readonly trusted: TrustedKeys | undefined;
}

function notesOf({ header, entries, signed, open, trusted }: Told): readonly string[] {
  const notes: string[] = [];
  if (entries > 0 && signed === 0) {
    notes.push("No entry is signed: whoever can write to the database could have computed all of it anew.");
  } else if (entries > 0 && trusted === undefined) {
    notes.push("No signature was looked at: whoever can write to the database could have computed all of it anew.");
  }
  if (header?.from !== undefined || header?.to !== undefined) {
    const span = [header.from && `from ${header.from}`, header.to && `to ${header.to}`].filter(Boolean).join(" ");
    notes.push(`The export is a part (${span}): what lies outside of it is not looked at.`);
  }
  if (open > 0) {
    const runs = open === 1 ? "1 run has" : `${open} runs have`;
    notes.push(`${runs} no end in this file: not ended when it was exported, or the newest entries were taken away.`);
  }
  return notes;
}
