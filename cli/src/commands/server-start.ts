// agentspan server start
import { rmSync } from "node:fs";
import { type LocalStack, startLocalStack } from "@agentspan/local";
import { commandName } from "../command-name.js";
import { modelLines } from "../model-situation.js";
import type { Output } from "../output.js";
import { dataOption, quoted, stackPlace } from "../stack-place.js";
import { Starter } from "../starter-channel.js";
import { type StartingFlags, started, startingOptions } from "../starting-stack.js";
import { aborted, StopRequests } from "../stop-requests.js";
import { tableLines } from "../table.js";
import { CLI_VERSION } from "../version.js";

export interface ServerStartFlags extends StartingFlags {
  readonly auth?: boolean;
  readonly workerLogins?: boolean;
  /** Nobody sits before it, and this is the file that it writes to: see server-start-background.ts. */
  readonly inBackground?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_URL = "http://127.0.0.1:6767";
const DEFAULT_NATS_URL = "nats://127.0.0.1:4222";

/** Runs until it is asked to stop. Throws where it could not start, or had to end. */
export async function serverStart(flags: ServerStartFlags, output: Output): Promise<void> {
  const stops = new StopRequests();
  if (flags.untilInputEnds === true) stops.requestWhenInputEnds();
  const { first, second } = stops;
  const { inBackground } = flags;
  const starter = inBackground === undefined ? undefined : new Starter(() => stops.request());
  try {
    const stack = await started(start(flags, output, first), output, first);
    void aborted(second).then(() => stack.kill());
    for (const line of runningLines(stack, process.env)) output.line(line);
    const how = `Stop it with: ${commandName()} server stop${dataOption(stack.dataDir, process.env)}`;
    output.line(starter === undefined ? "Ctrl-C stops it. Runs wait in the data." : how);
    starter?.tellRunning();
    const lost = await Promise.race([stack.ended, aborted(first).then(() => undefined)]);
    if (lost !== undefined) throw lost;
    output.line("\nStopping (Ctrl-C again: at once)");
    await stack.stop();
    output.line(`Stopped. Runs that wait are kept in ${stack.dataDir}`);
  } finally {
    starter?.close();
    stops.close();
    // It has another name by now where the data was this server's.
    if (inBackground !== undefined) rmSync(inBackground, { force: true });
  }
}

function start(flags: ServerStartFlags, output: Output, signal: AbortSignal): Promise<LocalStack> {
  const { dataDir, auth } = stackPlace(flags, process.env);
  return startLocalStack({
    ...startingOptions(flags, output, signal),
    dataDir,
    ...(flags.inBackground === undefined ? {} : { ownLog: flags.inBackground }),
    version: CLI_VERSION,
    auth: flags.auth ?? auth,
    workerLogins: flags.workerLogins ?? false,
  });
}

/** What a person needs to know of a server that runs. */
export function runningLines(stack: LocalStack, env: Environment): readonly string[] {
  const command = commandName(env);
  const [models = "", ...more] = modelLines(env);
  const settings = [
    ...(stack.url === DEFAULT_URL ? [] : [`export AGENTSPAN_SERVER_URL=${stack.url}`]),
    ...(stack.natsUrl === DEFAULT_NATS_URL || env.NATS_URL ? [] : [`export AGENTSPAN_NATS_URL=${stack.natsUrl}`]),
    ...(stack.adminKey === undefined ? [] : [`export AGENTSPAN_API_KEY="$(cat ${quoted(stack.adminKey.path)})"`]),
    ...(stack.auth && stack.adminKey === undefined ? ["export AGENTSPAN_API_KEY=<one of your keys>"] : []),
  ];
  return [
    "Agentspan is running.",
    "",
    `  API      ${stack.url}  (gRPC, gRPC-Web, Connect, JSON)`,
    `  gRPC     ${stack.grpcUrl}  (gRPC alone, cheaper for a client)`,
    ...(isOff(env.AGENTSPAN_DESK) ? [] : [`  Desk     ${stack.url}  (decide in a browser)`]),
    `  Workers  ${shownUrl(stack.natsUrl)}`,
    ...(stack.workerLogins ? ["           only those with credentials"] : []),
    `  Data     ${stack.dataDir}`,
    `  Logs     ${stack.logDir}`,
    `  Models   ${models}`,
    ...more.map((line) => `           ${line}`),
    ...keyLines(stack, command),
    "",
    ...(settings.length === 0
      ? []
      : ["For programs and commands in other terminals:", ...settings.map((s) => `  ${s}`), ""]),
    "Next, in another terminal:",
    ...tableLines([
      stack.workerLogins
        ? [
            `${command} worker credentials <id> --tool <queue>/<tool>${dataOption(stack.dataDir, env)}`,
            "let a worker in",
          ]
        : [
            `${command} demo${dataOption(stack.dataDir, env)}`,
            stack.auth ? "a refund that waits for another person" : "a refund that waits for your approval",
          ],
      [`${command} approvals list`, "what waits for a person"],
    ]).map((line) => `  ${line}`),
    "",
  ];
}

/** As the gateway reads a setting that is on unless said. */
function isOff(text: string | undefined): boolean {
  return ["false", "0", "no", "off"].includes(text?.trim().toLowerCase() ?? "");
}

/** How to use the key that was made just now; later starts say only where it is. */
function keyLines({ auth, adminKey, untakenKey }: LocalStack, command: string): readonly string[] {
  if (adminKey === undefined) {
    if (!auth) return [];
    const untaken = untakenKey === undefined ? [] : [`           not that of ${untakenKey}, as long as they are set`];
    return ["  Keys     those of AGENTSPAN_API_KEYS; every call needs one", ...untaken];
  }
  const where = `  Key      ${adminKey.path}  (an admin's; every call needs one)`;
  if (!adminKey.made) return [where];
  return [
    where,
    `           made just now, readable for you alone. Give others their own:`,
    `           ${command} keys create --owner alex@acme.test --role approver`,
  ];
}

/** Without a user and password. */
function shownUrl(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}
