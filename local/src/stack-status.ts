// What runs on a data folder, as somebody sees it who did not start it.
import { connect } from "node:net";
import { isRunning } from "./process-birth.js";
import { lastStack } from "./stack-lock.js";
import type { StackRecord } from "./stack-record.js";

/** `ready`: it takes requests. `not ready`: it runs, and a request would be refused by now. */
export type StackState = "ready" | "not ready" | "starting" | "stopped";

export interface StackStatus {
  readonly state: StackState;
  /** Of what runs, or ran last; undefined where nothing ever did. */
  readonly record: StackRecord | undefined;
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly running: boolean }[];
  /** What its own NATS server says of itself; undefined where it does not answer, or is not its own. */
  readonly natsVersion: string | undefined;
}

const ANSWER_WITHIN_MS = 3_000;

export async function stackStatus(dataDir: string): Promise<StackStatus> {
  const record = lastStack(dataDir);
  if (record === undefined) return { state: "stopped", record, processes: [], natsVersion: undefined };
  const processes = [record.owner, ...record.children].map((one) => ({
    ...{ name: one.name, pid: one.pid },
    running: isRunning(one),
  }));
  const runs = !record.released && isRunning(record.owner);
  const [ready, natsVersion] = runs
    ? await Promise.all([isReady(record.url), versionOfNats(record.natsUrl)])
    : [false, undefined];
  const all = processes.every(({ running }) => running);
  const state = !runs ? "stopped" : record.url === undefined ? "starting" : ready && all ? "ready" : "not ready";
  return { state, record, processes, natsVersion };
}

async function isReady(url: string | undefined): Promise<boolean> {
  if (url === undefined) return false;
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  return fetch(`${url}/readyz`, { signal }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** It greets everybody with it. */
async function versionOfNats(url: string | undefined): Promise<string | undefined> {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  try {
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes("\n")) return /"version":"([\w.+-]{1,40})"/.exec(text)?.[1];
    }
  } catch {
    // Nobody answers there.
  } finally {
    socket.destroy();
  }
  return undefined;
}
