// agentspan worker credentials
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  credentialsText,
  isSubjectToken,
  KeyFilesError,
  NAME_PATTERN,
  newWorkerCredentials,
  type PermittedTool,
  parseDuration,
  type SigningKey,
  signingKey,
  signingKeyIn,
  WORKERS_ACCOUNT,
} from "@agentspan/internal";
import { defaultDataDir, keysFolderOf, workersFolderOf } from "@agentspan/local";
import { CommandError } from "../command-error.js";
import type { Output } from "../output.js";
import { dataOption } from "../stack-place.js";

export interface WorkerCredentialsFlags {
  readonly tool: readonly string[];
  /** Of the local server unless said. */
  readonly keys?: string;
  readonly out?: string;
  /** Where the local server keeps its data. */
  readonly data?: string;
  readonly expires: string;
}

export function workerCredentials(
  workers: readonly string[],
  flags: WorkerCredentialsFlags,
  output: Output,
  now = Date.now(),
): void {
  const { tool, expires } = flags;
  const dataDir = flags.data === undefined ? defaultDataDir(process.env) : resolve(flags.data);
  const keys = flags.keys ?? keysFolderOf(dataDir);
  const out = flags.out ?? workersFolderOf(dataDir);
  for (const id of workers) {
    if (!isSubjectToken(id)) {
      throw new CommandError(`${JSON.stringify(id)} is no worker id: letters, digits, '_' and '-', at most 128.`, 2);
    }
  }
  const tools = tool.map(toolNamed);
  const until = now + (parseDuration(expires) ?? 0);
  const howToMakeOne =
    flags.keys === undefined
      ? `agentspan server start --worker-logins${dataOption(dataDir, process.env)}`
      : `agentspan signing-keys create ${keys} --for permit`;
  const made = newWorkerCredentials({ workers, tools, at: now, until }, keyIn(keys, howToMakeOne, now));
  const path = join(out, `${workers[0]}.credentials.json`);
  write(out, path, credentialsText(made));
  output.line(`For ${workers.join(", ")}, and for nobody else's eyes; good until ${new Date(until).toISOString()}:`);
  output.line(`  AGENTSPAN_WORKER_CREDENTIALS_FILE=${path}`);
  output.line();
  if (out === workersFolderOf(dataDir)) {
    output.line("The local server on that data lets it in within a second, for as long as the file is there.");
    return;
  }
  output.line(`For the NATS server, one of the users of the account ${WORKERS_ACCOUNT} in its configuration:`);
  output.line(`  ${JSON.stringify(made.natsUser)}`);
}

function toolNamed(text: string): PermittedTool {
  const parts = text.split("/");
  const [namespace = "", queue = "", name = ""] = parts.length === 2 ? ["default", ...parts] : parts;
  if (parts.length <= 3 && [namespace, queue, name].every((part) => NAME_PATTERN.test(part))) {
    return { namespace, queue, name };
  }
  const was = JSON.stringify(text);
  throw new CommandError(`--tool takes <queue>/<tool>, or <namespace>/<queue>/<tool>, and was given ${was}.`, 2);
}

function keyIn(folder: string, howToMakeOne: string, now: number): SigningKey {
  try {
    const file = signingKeyIn(folder, "permits", now);
    if (file !== undefined) return signingKey(readFileSync(file.path, "utf8"));
  } catch (error) {
    if (error instanceof KeyFilesError) throw new CommandError(error.message);
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  throw new CommandError(`There is no key for permits in ${folder}. Make one with: ${howToMakeOne}`);
}

function write(folder: string, path: string, text: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const why = error.code === "EEXIST" ? "it is there already; name another folder, or move it away" : error.message;
    throw new CommandError(`${path} cannot be written: ${why}.`);
  }
}
