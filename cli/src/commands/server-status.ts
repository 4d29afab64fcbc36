// agentspan server status
import { type StackState, stackStatus } from "@agentspan/local";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import { EXIT_CODES } from "../exit-codes.js";
import type { Output } from "../output.js";
import { dataOption, stackPlace } from "../stack-place.js";
import { dateAndTime, span } from "../times.js";

export interface ServerStatusFlags {
  readonly data?: string;
  readonly json?: boolean;
}

/** Throws where it takes no requests, with an exit code that says which of the reasons it is. */
export async function serverStatus(flags: ServerStatusFlags, output: Output): Promise<void> {
  const { dataDir } = stackPlace(flags, process.env);
  const { state, record, processes, natsVersion } = await stackStatus(dataDir);
  const { url, grpcUrl, natsUrl, mongoPort, version, startedAt } = record ?? {};
  const running = state !== "stopped";
  if (flags.json === true) {
    const addresses = running ? { url, grpcUrl, natsUrl, mongoPort, natsVersion, version, startedAt } : {};
    output.json({ state, dataDir, ...addresses, processes });
  } else if (running) {
    const since = new Date(startedAt ?? 0);
    output.table(
      [
        ["State", words[state]],
        ["Since", `${dateAndTime(since)}, for ${span(Date.now() - since.getTime())}`],
        ...(version === undefined ? [] : [["Version", version]]),
        ...(url === undefined ? [] : [["API", url]]),
        ...(grpcUrl === undefined ? [] : [["gRPC", grpcUrl]]),
        [
          "NATS",
          natsUrl === undefined ? "not its own" : `${natsUrl}${natsVersion === undefined ? "" : ` (${natsVersion})`}`,
        ],
        ["MongoDB", mongoPort === undefined ? "not its own, or not noted" : `127.0.0.1:${mongoPort}`],
        ["Data", dataDir],
      ],
      "",
    );
    output.line();
    output.table(
      [
        ["PROCESS", "PID", "STATE"],
        ...processes.map(({ name, pid, running: runs }) => [name, String(pid), runs ? "running" : "gone"]),
      ],
      "",
    );
  }
  if (state === "ready") return;
  const said = flags.json === true ? `It ${words[state]}.` : next[state](dataDir, dataOption(dataDir, process.env));
  throw new CommandError(said, state === "stopped" ? EXIT_CODES.notRunning : EXIT_CODES.failed);
}

const words: Readonly<Record<StackState, string>> = {
  ready: "takes requests",
  "not ready": "runs, and takes no requests now",
  starting: "is starting",
  stopped: "does not run",
};

const next: Readonly<Record<Exclude<StackState, "ready">, (dataDir: string, dataOption: string) => string>> = {
  "not ready": (_, data) => `It takes no requests now. What its processes say: ${commandName()} server logs${data}`,
  starting: (_, data) => `It is starting. What its processes say: ${commandName()} server logs --follow${data}`,
  stopped: (dataDir, data) => `No server runs on ${dataDir}. Start one with: ${commandName()} server start${data}`,
};
