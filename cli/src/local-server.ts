// The server that runs on this machine's data, for whoever asked another address in vain.
import { START_WITH } from "@agentspan/internal";
import { defaultDataDir, runningStack, type StackRecord } from "@agentspan/local";
import { commandName } from "./command-name.js";

export function isLocal(url: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
}

/** How to ask it; undefined where none runs, or the address is its own or one of another machine. */
export function elsewhere(asked: string, dataDir: string): string | undefined {
  const url = running(dataDir)?.url;
  if (url === undefined || !isLocal(asked) || samePort(url, asked)) return undefined;
  return `One runs on this machine at ${url}: ask it with --url ${url}, or set AGENTSPAN_SERVER_URL=${url}`;
}

/** What a library says of an address at which nobody answers, with what to do here. */
export function withStartRemedy(message: string, address: string | undefined): string {
  return address === undefined ? message : message.replace(START_WITH, () => startRemedy(address));
}

function startRemedy(address: string): string {
  const command = commandName();
  const dataDir = defaultDataDir(process.env);
  const record = URL.canParse(address) && isLocal(address) ? running(dataDir) : undefined;
  if (record === undefined) return `Start one with: ${command} server start`;
  const { natsUrl } = record;
  if (address.startsWith("nats:") && natsUrl !== undefined && !samePort(natsUrl, address)) {
    return `One runs on this machine: set AGENTSPAN_NATS_URL=${natsUrl}`;
  }
  const other = address.startsWith("http") ? elsewhere(address, dataDir) : undefined;
  return other ?? `One is there and does not answer, or is starting: ${command} server status says which`;
}

/** A folder that cannot be read tells of none. */
function running(dataDir: string): StackRecord | undefined {
  try {
    return runningStack(dataDir);
  } catch {
    return undefined;
  }
}

function samePort(one: string, other: string): boolean {
  return new URL(one).port === new URL(other).port;
}
