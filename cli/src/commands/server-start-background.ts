// agentspan server start --background: the same start in a process of its own, which goes on when this one has ended.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { logFolderOf, prepareDataDir, runningStack } from "@agentspan/local";
import { CommandError, Interrupted } from "../command-error.js";
import { LogReader } from "../logs/log-reader.js";
import type { Output } from "../output.js";
import { stackPlace } from "../stack-place.js";
import { stopStarting, untilRunning } from "../starter-channel.js";
import { aborted, StopRequests } from "../stop-requests.js";
import type { ServerStartFlags } from "./server-start.js";

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
  const reader = new LogReader(log);
  // Opened before it gets another name, and read to its end under whatever name.
  reader.read();
  const stops = new StopRequests();
  const child = launch(flags, dataDir, log);
  const runs = untilRunning(child);
  const ended = once(child, "exit").then(([code]) => ({ code: code as number | null }));
  void aborted(stops.first).then(() => stopStarting(child));
  try {
    for (;;) {
      const news = await Promise.race([runs, ended, delay(LOOK_MS).then(() => undefined)]);
      for (const line of reader.read()) output.line(line);
      if (news === "running") return;
      if (news === undefined) continue;
      if (stops.first.aborted) throw new Interrupted();
      throw new CommandError("The server did not start; what it said is above.", news.code === 2 ? 2 : 1);
    }
  } finally {
    reader.close();
    stops.close();
    rmSync(log, { force: true });
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/**
 * A file for this start alone. It becomes the server's log when the server has the data: of two starts at one instant only
 * one gets it, and the other must not touch its log.
 */
function newLog(dataDir: string): string {
  const folder = logFolderOf(dataDir);
  const path = join(folder, `start-${randomBytes(8).toString("hex")}.log`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "wx", 0o600));
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
  const words = [process.argv[1] ?? "", "server", "start", "--in-background", log, "--data", dataDir, ...options];
  const file = openSync(log, "a");
  try {
    // A session of its own: neither Ctrl-C nor the end of this terminal reaches it.
    return spawn(process.execPath, words, { detached: true, stdio: ["ignore", file, file, "ipc"] });
  } finally {
    closeSync(file);
  }
}
