// agentspan receipt export|verify
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import {
  approvalsOf,
  makeReceipt,
  type Receipt,
  readReceipt,
  receiptFaults,
  receiptText,
  TRUSTED_KEYS_VARIABLE,
  TrustedKeys,
} from "@agentspan/internal";
import { defaultDataDir, trustedKeysFileOf } from "@agentspan/local";
import { ApprovalService, type Event, RunService } from "@agentspan/proto";
import type { AgentRuntime } from "@agentspan/sdk";
import { CommandError, unreadable } from "../command-error.js";
import { commandName } from "../command-name.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";

export interface ReceiptExportFlags extends UrlOption {
  readonly out?: string;
}

export function receiptExport(runId: string, callId: string, flags: ReceiptExportFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const history = await historyOf(runtime, runId);
    const approvals = approvalsOf(history, callId).map((approvalId) => argumentsOf(runtime, runId, approvalId));
    const receipt = makeReceipt(history, callId, await Promise.all(approvals));
    if ("why" in receipt)
      throw new CommandError(`There is no receipt of call ${callId} of run ${runId}. ${receipt.why}`);
    const text = receiptText(receipt);
    if (flags.out === undefined) return output.text(text);
    try {
      writeFileSync(flags.out, text, { flag: "wx" });
    } catch (error) {
      throw new CommandError(`${flags.out} cannot be written, or is there already: ${wordsOf(error)}.`);
    }
    output.line(`Written to ${flags.out}. Check it, without any server, with:`);
    const keys = holdsByDefault(receipt) ? "" : " --trusted-keys <file>";
    output.line(`  ${commandName()} receipt verify ${flags.out}${keys}`);
    if (keys !== "") {
      const local = trustedKeysFileOf("<folder>");
      output.line(`with the list of the keys that you trust; of \`server start --data <folder>\` it is ${local}.`);
    }
  });
}

export interface ReceiptVerifyFlags {
  readonly trustedKeys?: string;
}

/** Asks no server. Throws where the receipt does not hold. */
export function receiptVerify(file: string, { trustedKeys }: ReceiptVerifyFlags, output: Output): void {
  const text = readText(file);
  const receipt = readReceipt(text);
  if (receipt === undefined) {
    throw new CommandError(`${file} is no receipt as \`${commandName()} receipt export\` writes it, or was changed.`);
  }
  const keysFile = trustedKeys ?? defaultKeysFile();
  const read = TrustedKeys.read(readText(keysFile, "Name the file of the keys that you trust with --trusted-keys."));
  if (!(read instanceof TrustedKeys))
    throw new CommandError(`${keysFile} cannot be used: ${read.faults.join("; ")}.`, 2);
  const faults = receiptFaults(receipt, read);
  if (faults.length > 0) {
    throw new CommandError(`The receipt does not hold:\n${faults.map((fault) => `  ${safeText(fault)}`).join("\n")}`);
  }
  output.line("The receipt holds.");
  output.table(told(receipt));
  output.line("Checked, without asking anybody:");
  output.table(checked(receipt, keysFile), "  - ");
}

function defaultKeysFile(): string {
  return process.env[TRUSTED_KEYS_VARIABLE] || trustedKeysFileOf(defaultDataDir(process.env));
}

/** Whether the keys that are taken where none are named are those that signed it. */
function holdsByDefault(receipt: Receipt): boolean {
  const file = defaultKeysFile();
  if (!existsSync(file)) return false;
  const read = TrustedKeys.read(readText(file));
  return read instanceof TrustedKeys && receiptFaults(receipt, read).length === 0;
}

async function argumentsOf({ client }: AgentRuntime, runId: string, approvalId: string): Promise<string> {
  const { approval } = await client.call(ApprovalService.method.getApproval, { runId, approvalId });
  return approval?.argumentsJson ?? "";
}

async function historyOf({ client }: AgentRuntime, runId: string): Promise<readonly Event[]> {
  const events: Event[] = [];
  for (;;) {
    const afterSequence = events.at(-1)?.sequence ?? 0n;
    const page = await client.call(RunService.method.getHistory, { runId, afterSequence, pageSize: 1_000 });
    events.push(...page.events);
    if (!page.more) return events;
  }
}

function told({ arguments: args, votes, decision, grant, outcome }: Receipt): readonly (readonly string[])[] {
  const { run, call, tool, attempt, worker, grantedAt, preview } = grant.statement;
  const {
    who,
    onBehalfOf,
    method,
    credentialId,
    address,
    outcome: said,
    at,
    comment,
    editedDigest,
  } = decision.statement;
  const by = [who, ...(onBehalfOf === "" ? [] : [`for ${onBehalfOf}`])].join(" ");
  const how = [method, credentialId, address].filter((word) => word !== "").join(" ");
  const edited = editedDigest === "" ? "" : ", with other arguments than those shown";
  return [
    ["Run", safeText(`${run}, call ${call}: ${tool}, attempt ${attempt}`)],
    ["Arguments", safeText(args)],
    ...votes.map(({ statement }) => [
      "Vote",
      safeText(`${statement.outcome} by ${statement.who}, ${iso(statement.at)}`),
    ]),
    ["Decided", safeText(`${said} by ${by} (${how}), ${iso(at)}${edited}`)],
    ...(comment === "" ? [] : [["Comment", safeText(comment)]]),
    ["Preview", preview === undefined ? "none checked" : safeText(`checked ${preview}`)],
    ["Granted", safeText(`to ${worker}, ${iso(grantedAt)}`)],
    ["Outcome", safeText(`${outcome.statement.outcome}, ${iso(outcome.statement.at)}, ${outcome.statement.digest}`)],
  ];
}

function checked({ votes, decision, grant, outcome }: Receipt, keysFile: string): readonly (readonly string[])[] {
  const parts = [...votes, decision, grant, outcome];
  const keys = [...new Set(parts.map(({ keyId }) => keyId))].join(", ");
  return [
    [`${parts.length} signatures, by ${keys}: keys of orchestrators in ${keysFile}`],
    ["the arguments are those that were approved and those that the worker was granted"],
    ["decision, grant and outcome are of one call, in this order"],
    ...(grant.statement.preview === undefined
      ? []
      : [["right before the call ran, it would have done what was shown to whoever approved it"]]),
    ["not a byte of the file is another than what was exported"],
  ];
}

function readText(file: string, remedy = ""): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(file, error, remedy);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
