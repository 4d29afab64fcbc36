// agentspan audit export|verify
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { TRUSTED_KEYS_VARIABLE, TrustedKeys, verifyAudit } from "@agentspan/internal";
import { AuditService } from "@agentspan/proto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CommandError, unreadable } from "../command-error.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { requireNew, writeWhole } from "../whole-file.js";

export interface AuditExportFlags extends UrlOption {
  readonly run?: string;
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
}

export function auditExport(flags: AuditExportFlags, output: Output): Promise<void> {
  return withServer(flags, async ({ client }) => {
    const { run = "", out } = flags;
    const part = { runId: run, ...timeOf("from", flags.from), ...timeOf("to", flags.to) };
    const lines = linesOf(client.stream(AuditService.method.exportAudit, part, new AbortController().signal));
    // The first line only says what was asked for.
    const something = (entries: number): void => {
      if (entries > 0 || run === "") return;
      throw new CommandError(
        `The audit has nothing of run ${safeText(run)}: there is no such run here, or nobody was ever asked in it.`,
      );
    };
    if (out === undefined) {
      let entries = -1;
      let head: string | undefined;
      for await (const line of lines) {
        entries += 1;
        if (entries === 0) {
          head = line;
          continue;
        }
        if (head !== undefined) output.line(head);
        head = undefined;
        output.line(line);
      }
      something(entries);
      return head === undefined ? undefined : output.line(head);
    }
    requireNew(out);
    const count = Math.max(0, (await writeWhole(out, lines, (written) => something(written - 1))) - 1);
    output.line(`Wrote ${count === 1 ? "1 entry" : `${count} entries`} to ${safeText(out)}.`);
  });
}

export interface AuditVerifyFlags {
  readonly trustedKeys?: string;
  readonly requireSignatures?: boolean;
}

/** Throws CommandError where something is wrong with the file. */
export async function auditVerify(file: string, flags: AuditVerifyFlags, output: Output): Promise<void> {
  const { requireSignatures = false, trustedKeys = process.env[TRUSTED_KEYS_VARIABLE] ?? "" } = flags;
  if (requireSignatures && trustedKeys === "") {
    throw new CommandError(`Signatures cannot be checked without keys: ${NAME_THE_KEYS}.`, 2);
  }
  const trusted = trustedKeys === "" ? undefined : await readTrusted(trustedKeys);
  const report = await verifyAudit(linesIn(file), trusted, { requireSignatures });
  const { entries, chains, signed, faults, notes } = report;
  for (const { line, entry, problem } of faults) {
    output.line(`line ${line}${entry === "" ? "" : `, ${safeText(entry)}`}: ${safeText(problem)}`);
  }
  for (const note of notes) output.line(safeText(note));
  if (entries === 0 && faults.length === 0) throw new CommandError(`${file} has no entries.`);
  if (faults.length > 0) {
    const what = faults.length === 1 ? "1 thing is" : `${faults.length} things are`;
    throw new CommandError(`${file} is not as it was written: ${what} wrong with it.`);
  }
  const what = `${entries === 1 ? "1 entry" : `${entries} entries`} in ${chains === 1 ? "1 chain" : `${chains} chains`}`;
  if (trusted !== undefined) {
    output.line(`As it was written: ${what}, ${signed} of them signed by keys of ${safeText(trustedKeys)}.`);
    return;
  }
  output.line(`Checked: the hashes and the order of ${what}, which hang together.`);
  output.line(`Not checked: who wrote them. For that the entries must be signed, and ${NAME_THE_KEYS}.`);
}

const NAME_THE_KEYS = `name the file of trusted keys with --trusted-keys or ${TRUSTED_KEYS_VARIABLE}`;

async function* linesOf(answers: AsyncIterable<{ readonly line: string }>): AsyncGenerator<string> {
  for await (const { line } of answers) yield line;
}

/** By line feeds alone: what else breaks lines may stand in a text of an entry. */
async function* linesIn(path: string): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const chunk of createReadStream(path, "utf8")) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  if (rest !== "") yield rest;
}

async function readTrusted(path: string): Promise<TrustedKeys> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const read = TrustedKeys.read(text);
  if (read instanceof TrustedKeys) return read;
  throw new CommandError(`${path} is no file of trusted keys: ${read.faults.join("; ")}.`, 2);
}

function timeOf(field: "from" | "to", text: string | undefined) {
  return text === undefined ? {} : { [field]: timestampFromMs(Date.parse(text)) };
}
