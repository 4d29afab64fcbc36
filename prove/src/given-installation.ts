// An installation that somebody else runs. Its processes and servers are not ours to kill: what is broken are our own
// workers and clients, and every connection between them and it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ChildService, LEDGER_VARIABLE, Ledger } from "@agentspan/e2e";
import { LossyProxy } from "./faults/lossy-proxy.js";
import { Processes, plainProcess } from "./faults/processes.js";
import { GIVEN_GATED, givenAgent } from "./given-agent.js";
import type { Random } from "./random.js";
import type { Target } from "./target.js";
import { wayTo } from "./way.js";

export interface GivenOptions {
  /** Of a gateway: http:// or https://. */
  readonly url: string;
  /** For the workers: nats:// with credentials where they are needed. */
  readonly natsUrl: string;
  readonly workers: number;
  readonly random: Random;
}

const OURS_ALONE =
  "Only what is started here can be killed or stopped: start a stack of its own for that (without --url).";

export async function givenInstallation({ url, natsUrl, workers, random }: GivenOptions): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), "agentspan-prove-"));
  const ledger = new Ledger(join(folder, "ledger"));
  const name = `prove_${random.between(1, 999_999_999)}`;
  const proxies: LossyProxy[] = [];
  const services: ChildService[] = [];
  const urls = [url];
  const limits = ["The orchestrators, gateways and servers of the installation were left alone."];
  const stop = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.kill()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const gateway = new URL(url);
    if (gateway.protocol === "http:") {
      const door = { name: "the gateway's to its clients", host: gateway.hostname, port: Number(gateway.port || 80) };
      const proxy = await LossyProxy.open(door);
      proxies.push(proxy);
      urls.push(`http://127.0.0.1:${proxy.port}`);
    } else {
      limits.push("Answers of the gateway were not lost: a door cannot stand in a TLS connection.");
    }
    for (let n = 1; n <= workers; n += 1) {
      const nats = new URL(natsUrl);
      if (nats.protocol === "nats:") {
        const door = { name: "NATS' to a worker", host: nats.hostname, port: Number(nats.port || 4222) };
        const proxy = await LossyProxy.open(door);
        proxies.push(proxy);
        nats.hostname = "127.0.0.1";
        nats.port = String(proxy.port);
      }
      const env = {
        NATS_URL: nats.href,
        AGENTSPAN_ALLOW_FAULTS: "yes",
        AGENTSPAN_LOG_LEVEL: "warn",
        PROVE_AGENT: name,
        PROVE_WORKER: `${name}-${n}`,
        [LEDGER_VARIABLE]: ledger.file,
      };
      const entry = fileURLToPath(import.meta.resolve("@agentspan/prove/given-worker"));
      services.push(await ChildService.start({ name: `worker ${n}`, entry, env }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const ways = urls.map((one) => wayTo(one));
  const { definition } = givenAgent(name, () => Promise.reject(new Error("It runs in its workers.")));
  return {
    rpcs: ways.map(({ rpc }) => rpc),
    processes: new Processes(services.map((service) => plainProcess("worker", service))),
    proxies,
    stack: undefined,
    disk: undefined,
    untried: [
      { kind: "nats", why: OURS_ALONE },
      { kind: "mongodb", why: OURS_ALONE },
      { kind: "clock", why: OURS_ALONE },
      { kind: "disk", why: OURS_ALONE },
    ],
    limits,
    people: [],
    stories: [{ name: "a refund", weight: 1, steps: () => [] }],
    gated: GIVEN_GATED,
    once: new Set(),
    agentOf: () => definition,
    inputOf: (_story, chance) => `Refund order ORD-${chance.between(1, 99_999)}.`,
    ledger: () => ledger.all(),
    livingPids: () => new Set(services.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))),
    stored: async () => undefined,
    logs: () => services.map((service) => service.log()).join("\n"),
    stop: async () => {
      for (const { close } of ways) close();
      await stop();
    },
  };
}
