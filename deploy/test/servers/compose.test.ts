// What compose starts, without Docker: each program from the files of its image alone, with the environment of its image
// and of compose.yaml, as somebody without rights who can write nothing, against a real NATS and a real MongoDB server.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { TASK_STREAM } from "@agentspan/internal";
import { startTestServers, type TestServers } from "@agentspan/servers";
import { eventually } from "@agentspan/servers/eventually";
import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testPython } from "../../../workers/python/test/environment.js";
import { type Image, layOut, SOMEBODY_ELSE, startAlone } from "../image-files.js";
import { composeEnvironment, ROOT } from "../places.js";

const run = promisify(execFile);

let folder: string;
let servers: TestServers;
let command: Image;
const images = new Map<string, Image>();
const running: ChildProcess[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "agentspan-images-"));
  chmodSync(folder, 0o755);
  servers = await startTestServers();
  command = layOut("command", join(folder, "command"));
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(command.workdir, "bin/agentspan.mjs"), join(folder, "bin/agentspan"));
  for (const name of ["keys", "ledger"]) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), SOMEBODY_ELSE.uid ?? -1, SOMEBODY_ELSE.gid ?? -1);
  }
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  // A NATS that NATS_URL names is left to nobody's database, for whoever uses it next.
  if (process.env.NATS_URL !== undefined) await deleteStream(process.env.NATS_URL);
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function deleteStream(natsUrl: string): Promise<void> {
  const operator = await connect({ servers: natsUrl });
  await (await operator.jetstreamManager()).streams.delete(TASK_STREAM);
  await operator.close();
}

const PATH = () => `${join(folder, "bin")}:${dirname(process.execPath)}:/usr/bin:/bin`;

/** What compose says of a service, with the addresses and folders of this test. */
function environmentOf(service: string): Record<string, string> {
  const said = Object.entries(composeEnvironment(service)).map(([name, value]) => [
    name,
    value
      .replace(/^mongodb:\/\/mongodb:27017\/\?replicaSet=rs0$/, servers.mongoUri)
      .replace(/^nats:\/\/nats:4222$/, servers.natsUrl)
      .replace(/^\/keys\//, `${folder}/keys/`)
      .replace(/^\/var\/lib\/refunds\//, `${folder}/ledger/`),
  ]);
  return Object.fromEntries(said) as Record<string, string>;
}

interface Started {
  readonly child: ChildProcess;
  readonly message: Readonly<Record<string, unknown>>;
}

const database = `compose-${randomUUID()}`;
/** Any free port in place of those of the image, on this machine alone. */
const HERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  orchestrator: {
    AGENTSPAN_MANAGEMENT_HOST: "127.0.0.1",
    AGENTSPAN_MANAGEMENT_PORT: "0",
    AGENTSPAN_DATABASE: database,
  },
  gateway: {
    AGENTSPAN_HOST: "127.0.0.1",
    AGENTSPAN_PORT: "0",
    AGENTSPAN_GRPC_PORT: "0",
    AGENTSPAN_MANAGEMENT_HOST: "127.0.0.1",
    AGENTSPAN_MANAGEMENT_PORT: "0",
  },
};

async function started(service: string): Promise<Started> {
  const image = layOut(service, join(folder, service));
  images.set(service, image);
  const env = { ...image.env, ...environmentOf(service), ...HERE[service] };
  const child = startAlone(image.command, { workdir: image.workdir, env });
  running.push(child);
  let said = "";
  child.stderr?.on("data", (text) => {
    said += String(text);
  });
  const message = await Promise.race([
    once(child, "message").then(([first]) => first as Started["message"]),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`${service} ended with ${code}: ${said}`))),
  ]);
  return { child, message };
}

/** The image's own check of its health, at the port that the process has here. */
async function healthy(service: string, { message }: Started): Promise<boolean> {
  const [program = "", ...words] = (images.get(service)?.healthcheck ?? []).map((word) =>
    word.replace("127.0.0.1:6769", `127.0.0.1:${message.managementPort}`),
  );
  return run(program, words).then(
    () => true,
    () => false,
  );
}

const agentspan = (words: readonly string[]) =>
  spawn("agentspan", words, {
    env: { PATH: PATH(), HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
    ...SOMEBODY_ELSE,
  });

/** The Python worker with the packages that its tests have; the TypeScript one where there is no Python for them. */
async function startWorker(): Promise<ChildProcess> {
  const python = await testPython();
  const env = environmentOf("worker-python");
  if ("missing" in python) {
    const image = layOut("worker-typescript", join(folder, "worker-instead"));
    const worker = startAlone(image.command, { workdir: image.workdir, env: { ...image.env, ...env } });
    running.push(worker);
    return worker;
  }
  const program = join(ROOT, "workers/python/examples/refund_worker.py");
  const source = { PYTHONPATH: join(ROOT, "workers/python/src"), PYTHONDONTWRITEBYTECODE: "1" };
  const worker = spawn(join(python.bin, "python"), [program], { env: { ...env, ...source }, stdio: "ignore" });
  running.push(worker);
  return worker;
}

describe("compose", () => {
  it("makes keys once, and for nobody else's eyes", async () => {
    const make = () =>
      run(process.execPath, [join(ROOT, "deploy/compose/make-keys.mjs"), join(folder, "keys")], {
        env: { PATH: PATH(), HOME: folder },
        ...SOMEBODY_ELSE,
      });
    const text = async () =>
      (await run("sh", ["-c", `cd ${folder}/keys && sha256sum $(find . -type f | sort)`])).stdout;
    await make();
    const first = await text();
    expect(first.trim().split("\n")).toHaveLength(6);
    await make();
    expect(await text()).toBe(first);
    const open = await run("find", [join(folder, "keys"), "-type", "f", "-perm", "/077"]);
    expect(open.stdout).toBe("");
  });

  it("starts services that are healthy, workers that serve, and runs a refund that another person approves", async () => {
    const orchestrator = await started("orchestrator");
    const gateway = await started("gateway");
    await eventually(async () => expect(await healthy("orchestrator", orchestrator)).toBe(true));
    await eventually(async () => expect(await healthy("gateway", gateway)).toBe(true));
    const url = `http://127.0.0.1:${gateway.message.port}`;
    const desk = await fetch(`${url}/`);
    expect([desk.status, desk.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);

    const worker = await startWorker();

    const key = (person: string) => ["--url", url, "--key-file", join(folder, "keys/people", person)];
    const definition = join(ROOT, "deploy/compose/refund-agent.yaml");
    const asked = "Customer Alex (cust_001) wants a refund on order ORD-8821";
    const following = agentspan(["run", definition, asked, "--json", ...key("requester")]);
    const ended = once(following, "exit");
    const types: string[] = [];
    for await (const line of createInterface({ input: following.stdout })) {
      const event = JSON.parse(line) as { readonly type: string; readonly runId: string };
      types.push(event.type);
      if (event.type !== "waiting") continue;
      const own = agentspan(["approve", event.runId, ...key("requester")]);
      expect(await once(own, "exit")).toEqual([1, null]);
      const another = agentspan(["approve", event.runId, ...key("approver")]);
      expect(await once(another, "exit")).toEqual([0, null]);
    }
    expect(await ended).toEqual([0, null]);
    expect(types).toContain("waiting");

    const other = layOut("worker-typescript", join(folder, "worker-typescript"));
    const env = { ...other.env, AGENTSPAN_NATS_URL: servers.natsUrl };
    const typescript = startAlone(other.command, { workdir: other.workdir, env });
    running.push(typescript);
    let said = "";
    typescript.stderr?.on("data", (text) => {
      said += String(text);
    });
    await eventually(() => expect(said).toContain("Serving tools"));

    for (const child of [typescript, gateway.child, orchestrator.child, worker]) {
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([0, null]);
    }
  });
});
