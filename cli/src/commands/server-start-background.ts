// agentspan server start --background: the same start in a process of its own, which goes on when this one has ended.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { logFolderOf, prepareDataDir, runningStack } from "@agentspan/local";
import { CommandError, Interrupted } from "../command-error.js";
import { LogReader } from "../logs/log-reader.js";
import type { Output } from "../output.js";
import { stackPlace } from "../stack-place.js";
import { aborted, StopRequests } from "../stop-requests.js";
import { HOW_TO_STOP, type ServerStartFlags } from "./server-start.js";

const LOOK_MS = 50;

/** Resolves when it runs, and shows what it says until then. Throws where it does not come to that. */
export async function serverStartBackground(flags: ServerStartFlags, output: Output): Promise<void> {
  const { dataDir } = stackPlace(flags, process.env);
  const running = runningStack(dataDir);
  if (running !== undefined) {
    const where = running.url === undefined ? "which is still starting" : `at ${running.url}`;
    throw new CommandError(`A server runs on this data already: process ${running.owner.pid}, ${where}.`);
  }
  // Before anything is put there: what the start would refuse is refused here.
  await prepareDataDir(dataDir);
  const log = newLog(dataDir);
  const stops = new StopRequests();
  const child = launch(flags, dataDir, log);
  const reader = new LogReader(log);
  const ended = once(child, "exit").then(([code]) => ({ code: code as number | null }));
  void aborted(stops.first).then(() => child.kill("SIGTERM"));
  try {
    for (;;) {
      const over = await Promise.race([ended, delay(LOOK_MS).then(() => undefined)]);
      for (const line of reader.read()) {
        output.line(line);
        if (line.startsWith(HOW_TO_STOP)) return;
      }
      if (over === undefined) continue;
      if (stops.first.aborted) throw new Interrupted();
      throw new CommandError("The server did not start; what it said is above.", over.code === 2 ? 2 : 1);
    }
  } finally {
    reader.close();
    stops.close();
    child.unref();
  }
}

/** A new one, with the one before beside it, as the stack's own logs have it. */
function newLog(dataDir: string): string {
  const folder = logFolderOf(dataDir);
  const path = join(folder, "server.log");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (existsSync(path)) renameSync(path, `${path}.1`);
    closeSync(openSync(path, "w", 0o600));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`The data folder ${dataDir} cannot be written: ${why}. Name another with --data.`);
  }
  return path;
}

function launch(flags: ServerStartFlags, dataDir: string, log: string) {
  const { port, grpcPort, natsPort, auth, workerLogins } = flags;
  const options = [
    ...Object.entries({ port, "grpc-port": grpcPort, "nats-port": natsPort }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
    ...(auth === true ? ["--auth"] : []),
    ...(workerLogins === true ? ["--worker-logins"] : []),
  ];
  const words = [process.argv[1] ?? "", "server", "start", "--in-background", "--data", dataDir, ...options];
  const file = openSync(log, "a");
  try {
    // A session of its own: neither Ctrl-C nor the end of this terminal reaches it.
    return spawn(process.execPath, words, { detached: true, stdio: ["ignore", file, file] });
  } finally {
    closeSync(file);
  }
}
