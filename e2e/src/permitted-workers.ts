// Workers that are let in as `agentspan worker credentials` lets them in: each has a user at NATS with its own rights, and a
// permit for its tools. Whoever shows no login may do everything, so that tests can be the thief as well as the server.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createSigningKeys,
  credentialsText,
  natsAccounts,
  newWorkerCredentials,
  signingKey,
  signingKeyIn,
} from "@agentspan/internal";
import { deskAgent } from "./desk-agent.js";

const DAY_MS = 86_400_000;

/** A worker, and what it may serve. */
export interface PermittedWorker {
  readonly id: string;
  readonly queue: string;
  readonly tools: readonly string[];
}

/** One of the desk's. */
export function deskWorker(id: string): PermittedWorker {
  return { id, queue: "desk", tools: deskAgent().tools.map(({ name }) => name) };
}

/** Makes a key for permits and the credentials of these workers, and gives the NATS server's configuration of them. */
export function permitWorkers(keysFolder: string, workers: readonly PermittedWorker[]): string {
  createSigningKeys(keysFolder, ["permits"]);
  const pem = readFileSync(signingKeyIn(keysFolder, "permits", Date.now())?.path ?? "", "utf8");
  const services = [{ user: "server", password: "secret-of-the-server" }];
  const users = workers.map(({ id, queue, tools: names }) => {
    const at = Date.now();
    const tools = names.map((name) => ({ namespace: "default", queue, name }));
    const made = newWorkerCredentials({ workers: [id], tools, at, until: at + DAY_MS }, signingKey(pem));
    writeFileSync(credentialsFile(keysFolder, id), credentialsText(made));
    return made.natsUser;
  });
  return `${natsAccounts({ services, workers: users })}no_auth_user: server\n`;
}

export function credentialsFile(keysFolder: string, workerId: string): string {
  return join(keysFolder, `${workerId}.credentials.json`);
}
