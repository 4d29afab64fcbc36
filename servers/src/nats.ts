// Starts a NATS server with JetStream on a port of 127.0.0.1.
import { randomBytes } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "./free-port.js";
import { hooksOf, isPortTaken, type ServerHooks, ServerProcess } from "./server-process.js";

export interface StartNatsOptions extends ServerHooks {
  /** Path of nats-server 2.11 or newer. */
  readonly binary: string;
  /** A free one unless said. */
  readonly port?: number | undefined;
  /** Where JetStream keeps its data; made where it is missing. */
  readonly storeDir: string;
  /** More of the server's configuration, in its own syntax: users and permissions, for example. */
  readonly config?: string | undefined;
}

/** A server that this process started. */
export interface RunningNats {
  readonly url: string;
  readonly port: number;
  readonly process: ServerProcess;
  /** Gives it another configuration. Who is logged in and may not be any more loses its connection; others notice nothing. */
  readonly configure: (config: string) => Promise<void>;
}

const ATTEMPTS = 5;

/**
 * Starts it and waits until it greets with JetStream on. The largest payload stays 1 MiB, the server's own default,
 * unless `config` says another. Throws START_FAILED.
 */
export async function startNats(options: StartNatsOptions): Promise<RunningNats> {
  const { binary, storeDir } = options;
  await mkdir(storeDir, { recursive: true });
  // The greeting carries the name: another server on the same port is not taken for this one.
  const name = `agentspan-${randomBytes(6).toString("hex")}`;
  const configFile = join(storeDir, "nats-server.conf");
  // A name that is given as an argument is not known any more when the configuration is read again.
  const write = (config: string): Promise<void> => writeConfig(configFile, `server_name: ${name}\n${config}`);
  await write(options.config ?? "");
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    try {
      const process = await ServerProcess.start({
        name: "NATS",
        command: [
          binary,
          ...["--config", configFile, "--addr", "127.0.0.1", "--port", String(port)],
          ...["--jetstream", "--store_dir", storeDir],
        ],
        cwd: storeDir,
        answers: (signal) => greets(port, name, signal),
        ...hooksOf(options),
      });
      const configure = async (config: string): Promise<void> => {
        await write(config);
        process.reload();
      };
      return { url: `nats://127.0.0.1:${port}`, port, process, configure };
    } catch (error) {
      if (options.port !== undefined || !isPortTaken(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Whole or not at all, and for the owner's eyes alone: it may have passwords. */
async function writeConfig(file: string, config: string): Promise<void> {
  await writeFile(`${file}.new`, config, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Reads the INFO line that a NATS server sends first. */
async function greets(port: number, name: string, signal: AbortSignal): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port, signal });
  try {
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      const line = /^INFO (\{.*\}) *\r\n/.exec(text)?.[1];
      if (line === undefined) continue;
      const info = JSON.parse(line) as { server_name?: string; jetstream?: boolean };
      if (info.server_name !== name) throw new Error(`Another NATS server has port ${port}`);
      if (info.jetstream !== true) throw new Error("JetStream is not on");
      return;
    }
    throw new Error(`Port ${port} closed without a greeting`);
  } finally {
    socket.destroy();
  }
}
