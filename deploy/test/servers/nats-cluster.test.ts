// Three NATS servers by the very configuration of the production overlay, with the environment that its StatefulSet gives
// them; only addresses and folders are those of this machine.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, SERVICES_ACCOUNT, TASK_STREAM } from "@agentspan/internal";
import { freePort, resolveServers } from "@agentspan/servers";
import { eventually } from "@agentspan/servers/eventually";
import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NatsBus } from "../../../services/orchestrator/src/nats/nats-bus.js";
import { build, missingKustomize, named, workloadsOf } from "../k8s/manifests.js";
import { environmentOf, givenBy } from "../k8s/pod-files.js";
import { ROOT } from "../places.js";

const missing = missingKustomize();
if (missing !== undefined) process.stderr.write(`Skipped the NATS cluster of the production overlay: ${missing}.\n`);

const PASSWORDS = { "services-password": "pservices", "workers-password": "pworkers", "routes-password": "proutes" };

interface Ports {
  readonly client: number;
  readonly cluster: number;
  readonly monitor: number;
}

describe.skipIf(missing !== undefined)("the NATS servers of the production overlay", () => {
  let folder: string;
  let binary: string;
  const ports: Ports[] = [];
  const running: ChildProcess[] = [];
  const buses: NatsBus[] = [];

  /** Where the configuration of a server is, with the addresses and folders of this machine. */
  function configure(overlay: string, index: number): string {
    const own = join(folder, `${overlay}-${index}`);
    mkdirSync(own);
    copyFileSync(join(ROOT, "deploy/k8s/nats/accounts.conf"), join(own, "accounts.conf"));
    const { client, cluster, monitor } = ports[index] ?? { client: 0, cluster: 0, monitor: 0 };
    const text = readFileSync(join(ROOT, `deploy/k8s/overlays/${overlay}/nats.conf`), "utf8")
      .replace("listen: 0.0.0.0:4222", `listen: 127.0.0.1:${client}`)
      .replace("http: 0.0.0.0:8222", `http: 127.0.0.1:${monitor}`)
      .replace("listen: 0.0.0.0:6222", `listen: 127.0.0.1:${cluster}`)
      .replace("/data", join(own, "data"))
      .replace("/run/nats", own);
    writeFileSync(join(own, "nats.conf"), text);
    return join(own, "nats.conf");
  }

  /** As the StatefulSet has it, with the routes to where the servers are here. */
  function environment(overlay: string, index: number): Record<string, string> {
    const manifests = build(`overlays/${overlay}`);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "agentspan-nats" }, stringData: PASSWORDS };
    const [workload] = workloadsOf([named(manifests, "StatefulSet", "nats")]);
    const [container] = workload?.pod.containers ?? [];
    if (container === undefined) throw new Error("The StatefulSet has no container");
    const { env, faults } = environmentOf(container, givenBy([secret, ...manifests]), `nats-${index}`);
    expect(faults).toEqual([]);
    return Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        value.replace(
          /nats-(\d)\.nats-headless:6222$/,
          (_, other: string) => `127.0.0.1:${ports[Number(other)]?.cluster}`,
        ),
      ]),
    );
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "agentspan-nats-cluster-"));
    const { nats } = await resolveServers({ own: true });
    if ("url" in nats) throw new Error("A server of our own was asked for");
    binary = nats.binary;
    for (let index = 0; index < 3; index += 1) {
      ports.push({ client: await freePort(), cluster: await freePort(), monitor: await freePort() });
    }
    for (let index = 0; index < 3; index += 1) {
      const env = environment("production", index);
      running.push(spawn(binary, ["--config", configure("production", index)], { env, stdio: "ignore" }));
    }
    await eventually(async () => {
      for (const { monitor } of ports) {
        expect((await fetch(`http://127.0.0.1:${monitor}/healthz`)).status).toBe(200);
      }
    });
  });
  afterAll(async () => {
    for (const bus of buses) await bus.close();
    for (const server of running) server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it("keep three copies of the tasks, of which two are enough", async () => {
    const bus = await NatsBus.connect({
      url: ports.map(({ client }) => `nats://services:pservices@127.0.0.1:${client}`).join(","),
      name: "orchestrator",
      tasks: { replicas: 3 },
      logger: createLogger("test", "silent"),
    });
    buses.push(bus);
    const tool = { queue: "refund_agent", tool: "get_order" };
    const [consumer] = await bus.ensureConsumers("default", [tool]);
    const task = { namespace: "default", ...tool, runId: "run_1", callId: "t1c1", attempt: 1 };
    await bus.announce(task, "orc_1");

    const servers = ports.map(({ client }) => `127.0.0.1:${client}`);
    const services = await connect({ servers, user: "services", pass: "pservices" });
    const manager = await services.jetstreamManager();
    expect((await manager.streams.info(TASK_STREAM)).config.num_replicas).toBe(3);
    const [lost] = running;
    if (lost === undefined) throw new Error("There is no server");
    lost.kill("SIGKILL");
    await once(lost, "exit");
    await eventually(async () => expect(await bus.queued("default", [tool])).toEqual([1]));
    // As KEDA finds how many wait.
    const asked = `http://127.0.0.1:${ports[1]?.monitor}/jsz?acc=${SERVICES_ACCOUNT}&consumers=true&config=true`;
    const told = JSON.stringify(await (await fetch(asked)).json());
    expect(told).toContain(`"name":"${SERVICES_ACCOUNT}"`);
    expect(told).toContain(`"name":"${consumer}"`);
    await services.close();
  });

  it("let nobody in without a login, and workers to what is theirs", async () => {
    const address = `nats://127.0.0.1:${ports[2]?.client}`;
    await expect(connect({ servers: address, maxReconnectAttempts: 0 })).rejects.toThrow(/authorization/i);
    const worker = await connect({ servers: address, user: "workers", pass: "pworkers" });
    const refused = (async () => {
      for await (const status of worker.status()) {
        if (JSON.stringify(status).includes("PERMISSIONS_VIOLATION")) return status;
      }
      return undefined;
    })();
    worker.publish(`$JS.API.STREAM.DELETE.${TASK_STREAM}`);
    expect(await refused).toBeDefined();
    await worker.close();
  });

  it("have a brother for trials, whose configuration is taken too", () => {
    const env = environment("dev", 0);
    const words = ["--config", configure("dev", 0), "-t"];
    expect(() => execFileSync(binary, words, { env, stdio: "pipe" })).not.toThrow();
  });
});
