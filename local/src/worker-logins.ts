// Logins at the local stack's NATS server: one for the services, and in an account apart one for each worker that has
// credentials. The server knows nobody else. Credentials are the files of a folder; what is put there or taken away counts
// within a second.
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type NatsUser,
  natsAccounts,
  natsUserOf,
  permitFault,
  permitLimit,
  permitOf,
  readCredentials,
  TrustedKeys,
} from "@agentspan/internal";
import type { WorkerPermit } from "@agentspan/proto";
import { trustedKeysFileOf } from "./local-keys.js";
import { ShownPermits } from "./shown-permits.js";

const FOLDER = "workers";
const EXTENSION = ".credentials.json";
const SERVICES = "services";
const LOOK_MS = 500;

/** Where a stack on this data looks for credentials of workers. */
export function workersFolderOf(dataDir: string): string {
  return join(dataDir, FOLDER);
}

export class WorkerLogins {
  readonly #folder: string;
  readonly #trustedKeysFile: string;
  /** Of the services; it ends with the stack. */
  readonly #password = randomBytes(24).toString("base64url");
  readonly #onProgress: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;
  /** Of the files that let somebody in, as they were read last. */
  #permits: readonly WorkerPermit[] = [];
  #shown: ShownPermits | undefined;

  constructor(dataDir: string, onProgress: (line: string) => void) {
    this.#folder = workersFolderOf(dataDir);
    this.#trustedKeysFile = trustedKeysFileOf(dataDir);
    this.#onProgress = onProgress;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** The server's address with the login of the services. */
  forServices(natsUrl: string): string {
    return natsUrl.replace("://", `://${SERVICES}:${this.#password}@`);
  }

  /** Who may log in now, in the syntax of the NATS server's configuration. Tells of each file that lets nobody in. */
  config(): string {
    const trusted = TrustedKeys.read(readFileSync(this.#trustedKeysFile, "utf8"));
    if (!(trusted instanceof TrustedKeys)) throw new Error(`${this.#trustedKeysFile}: ${trusted.faults.join("; ")}`);
    const admitted = new Map<string, Admitted>();
    for (const name of this.#files()) {
      const one = admittedBy(readFileSync(join(this.#folder, name), "utf8"), trusted);
      const isTwice = typeof one !== "string" && admitted.has(one.user.nkey);
      const problem = typeof one === "string" ? one : isTwice ? "its login is another file's too" : "";
      if (problem !== "") this.#onProgress(`${join(this.#folder, name)} lets nobody in: ${problem}`);
      else if (typeof one !== "string") admitted.set(one.user.nkey, one);
    }
    this.#permits = [...admitted.values()].map(({ permit }) => permit);
    const workers = [...admitted.values()].map(({ user }) => user);
    return natsAccounts({ services: [{ user: SERVICES, password: this.#password }], workers });
  }

  /** Calls with the new configuration whenever the files have changed, until stopped. */
  watch(onChange: (config: string) => Promise<void>): void {
    let known = this.#signature();
    const look = async (): Promise<void> => {
      const now = this.#signature();
      if (now === known) return;
      known = now;
      await onChange(this.config());
      this.#shown?.show(this.#permits);
      this.#onProgress("The credentials of workers changed: their logins are those of the folder now");
    };
    let failing = false;
    const failed = (error: unknown): void => {
      known = "";
      if (!failing) this.#onProgress(`The logins of workers cannot be taken up, and are tried again: ${String(error)}`);
      failing = true;
    };
    const succeeded = (): void => {
      failing = false;
    };
    this.#timer = setInterval(() => void look().then(succeeded, failed), LOOK_MS).unref();
  }

  /** Shows orchestrators, which must answer by now, what these workers may serve, now and whenever the files change. */
  showPermits(natsUrl: string): void {
    this.#shown = new ShownPermits(this.forServices(natsUrl), this.#onProgress);
    this.#shown.show(this.#permits);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#shown?.stop();
  }

  #files(): readonly string[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(EXTENSION))
      .sort();
  }

  /** Of the files as they are, so that a change is told. */
  #signature(): string {
    return JSON.stringify(
      this.#files().map((name) => {
        const { mtimeMs, size, ino } = statSync(join(this.#folder, name));
        return [name, mtimeMs, size, ino];
      }),
    );
  }
}

interface Admitted {
  readonly user: NatsUser;
  readonly permit: WorkerPermit;
}

/** Whom a file's text lets in, or why it lets nobody in. */
function admittedBy(text: string, trusted: TrustedKeys): Admitted | string {
  const read = readCredentials(text);
  const user = read && natsUserOf(read);
  if (read === undefined || user === undefined) return "it holds no worker's credentials";
  const permit = permitOf(read.permit);
  // What a permit names was looked at by whoever signed it, and may stand in the server's configuration.
  const now = Date.now();
  const fault = permitFault(permit, { workerId: permit.workers[0] ?? "", trusted, now });
  return fault ?? permitLimit(permit, [], now) ?? { user, permit: read.permit };
}
