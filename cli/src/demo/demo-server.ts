// The server that the demonstration runs on: one that AGENTSPAN_SERVER_URL names, one that already runs on the same data,
// or one of its own.
//
// The data is that of `agentspan server start`, so that a run which is left waiting is found again. Whoever runs on that
// data is used, on whatever port. Otherwise a stack is started: on the usual ports, or on free ones where somebody has
// those (also another Agentspan server: it has other data, and which NATS its workers use is not known).
import { existsSync } from "node:fs";
import { isAgentspan, portProblem, runningStack, startLocalStack, trustedKeysFileOf } from "@agentspan/local";
import { CommandError } from "../command-error.js";
import type { StackFlags } from "../options.js";
import type { Output } from "../output.js";
import { type StackPlace, stackPlace } from "../stack-place.js";

export interface DemoServer {
  readonly url: string;
  readonly natsUrl: string;
  readonly dataDir: string;
  /** Whose grants its worker takes; absent where the server was started by a version without keys. */
  readonly trustedKeysFile: string | undefined;
  /** It was running before, and goes on after the demonstration. */
  readonly shared: boolean;
  /** Ends the demonstration where a server dies under it. */
  readonly lost: Promise<never>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

const DEFAULT_PORT = 6767;
const DEFAULT_NATS_URL = "nats://127.0.0.1:4222";

export async function demoServer(flags: StackFlags, output: Output, signal: AbortSignal): Promise<DemoServer> {
  const place = stackPlace(flags, process.env);
  const running = await findRunning(place.dataDir);
  const named = process.env.AGENTSPAN_SERVER_URL ?? "";
  // Options say where one of its own is to be.
  const { port, grpcPort, natsPort, data } = flags;
  const anywhere = [port, grpcPort, natsPort, data].every((option) => option === undefined);
  if (named !== "" && named !== running?.url && anywhere) return namedServer(named, place.dataDir, output);
  if (running !== undefined) {
    output.line(`Server  ${running.url} runs on ${place.dataDir} already: using it`);
    return running;
  }
  output.line(`Server  starting one, with its data in ${place.dataDir}`);
  const onProgress = (line: string): void => output.line(`        ${line}`);
  const ports = await choosePorts(place, onProgress);
  const stack = await startLocalStack({
    dataDir: place.dataDir,
    ...ports,
    ...(place.natsPort === undefined ? {} : { natsPort: place.natsPort }),
    onProgress,
    signal,
  });
  output.line(`        ${stack.url}; it stops with the demonstration`);
  const lost = stack.ended.then((reason) => {
    if (reason !== undefined) throw reason;
    return new Promise<never>(() => undefined);
  });
  // Whoever waits for it hears of it.
  lost.catch(() => undefined);
  const { url, natsUrl, dataDir } = stack;
  const trustedKeysFile = trustedKeysOf(dataDir);
  return {
    url,
    natsUrl,
    dataDir,
    trustedKeysFile,
    shared: false,
    lost,
    stop: () => stack.stop(),
    kill: () => stack.kill(),
  };
}

function trustedKeysOf(dataDir: string): string | undefined {
  const file = trustedKeysFileOf(dataDir);
  return existsSync(file) ? file : undefined;
}

/** As the server's own start says to set it for other terminals. */
async function namedServer(url: string, dataDir: string, output: Output): Promise<DemoServer> {
  if (url.startsWith("http:") && !(await isAgentspan(url))) {
    throw new CommandError(
      `AGENTSPAN_SERVER_URL names ${url}, where no Agentspan server answers. Start it, or unset the variable for a server of the demo's own.`,
    );
  }
  output.line(`Server  ${url}, which AGENTSPAN_SERVER_URL names: using it`);
  const natsUrl = process.env.AGENTSPAN_NATS_URL ?? process.env.NATS_URL ?? DEFAULT_NATS_URL;
  return shared({ url, natsUrl, dataDir, trustedKeysFile: undefined });
}

async function findRunning(dataDir: string): Promise<DemoServer | undefined> {
  const record = runningStack(dataDir);
  if (record?.url === undefined || !(await isAgentspan(record.url))) return undefined;
  // Not noted where NATS_URL named it.
  const natsUrl = record.natsUrl ?? process.env.NATS_URL ?? DEFAULT_NATS_URL;
  return shared({ url: record.url, natsUrl, dataDir, trustedKeysFile: trustedKeysOf(dataDir) });
}

function shared(server: Pick<DemoServer, "url" | "natsUrl" | "dataDir" | "trustedKeysFile">): DemoServer {
  const nothing = async (): Promise<void> => undefined;
  const lost = new Promise<never>(() => undefined);
  return { ...server, shared: true, lost, stop: nothing, kill: nothing };
}

/** What was asked for exactly; the usual ports; or free ones. */
async function choosePorts(
  { port, grpcPort }: StackPlace,
  onProgress: (line: string) => void,
): Promise<{ readonly port: number; readonly grpcPort: number }> {
  if (port !== undefined) return { port, grpcPort: grpcPort ?? (port === 0 ? 0 : port + 1) };
  const usual = { port: DEFAULT_PORT, grpcPort: grpcPort ?? DEFAULT_PORT + 1 };
  for (const wished of [usual.port, usual.grpcPort]) {
    if (wished === 0 || (await portProblem(wished)) === undefined) continue;
    const who = (await isAgentspan(`http://127.0.0.1:${wished}`))
      ? "an Agentspan server with other data (to use that one, give --data as it has it, or set AGENTSPAN_SERVER_URL)"
      : "another program";
    onProgress(`Port ${wished} is taken by ${who}: using free ports`);
    return { port: 0, grpcPort: grpcPort ?? 0 };
  }
  return usual;
}
