// The stacks whose clients speak with the gateway: every one is asked the same and must be told the same.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goPrograms, pythonEnvironment, ServersError, type ServersErrorReason } from "@agentspan/servers";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { Feature, Port } from "../checks/check.js";
import type { Probe } from "./call.js";
import { ConnectProbe } from "./connect-probe.js";
import { CurlProbe } from "./curl-probe.js";
import { GrpcJsProbe } from "./grpc-js-probe.js";
import { GrpcurlProbe } from "./grpcurl-probe.js";
import { IMAGE } from "./image.js";
import { javaProbe } from "./java-probe.js";
import { ProgramProbe } from "./program-probe.js";

export interface Stack {
  readonly name: string;
  readonly ports: readonly Port[];
  /** What cannot be said with it. */
  readonly lacks: readonly Feature[];
  /** How often its client can ping at most, milliseconds; absent where its protocol has no pings. */
  readonly pingEveryMs?: number;
  /** Starts its client; the folder is for the file of descriptors. Or why there is none here. */
  readonly start: (folder: string) => Promise<Probe | Missing>;
}

/** Why there is no client here. */
export interface Missing {
  readonly missing: string;
}

const GRPC: readonly Port[] = ["port", "grpcPort"];
/** HTTP/1.1, and what is made for it, has no calls in which both sides stream. */
const OVER_HTTP1 = { ports: ["port"], lacks: ["conversations"] } as const;
/** The least that those libraries let a client ping. */
const GO_PINGS_EVERY_MS = 10_000;
const JAVA_PINGS_EVERY_MS = 10_000;

export const STACKS: readonly Stack[] = [
  { name: "curl", ...OVER_HTTP1, start: curl },
  {
    name: "Connect over HTTP/1.1",
    ...OVER_HTTP1,
    start: async () => new ConnectProbe((options) => createConnectTransport({ ...options, httpVersion: "1.1" })),
  },
  {
    name: "gRPC-Web",
    ...OVER_HTTP1,
    start: async () => new ConnectProbe((options) => createGrpcWebTransport({ ...options, httpVersion: "1.1" })),
  },
  { name: "grpc-js", ports: GRPC, lacks: [], pingEveryMs: 100, start: async () => new GrpcJsProbe() },
  { name: "grpcio", ports: GRPC, lacks: [], pingEveryMs: 100, start: python },
  { name: "grpc-go", ports: GRPC, lacks: [], pingEveryMs: GO_PINGS_EVERY_MS, start: go("grpc") },
  { name: "connect-go over HTTP/1.1", ...OVER_HTTP1, start: go("connect") },
  { name: "grpc-java", ports: GRPC, lacks: [], pingEveryMs: JAVA_PINGS_EVERY_MS, start: java },
  { name: "grpcurl", ports: ["port"], lacks: ["gzip", "other messages"], start: grpcurl },
];

async function curl(): Promise<Probe | Missing> {
  const { error } = spawnSync("curl", ["--version"]);
  return error === undefined ? new CurlProbe() : { missing: `There is no curl on PATH (${error.message}).` };
}

async function python(folder: string): Promise<Probe | Missing> {
  return whereThereIs("NO_PYTHON", async () => {
    const bin = await pythonEnvironment({
      requirements: probe("python/requirements.txt"),
      purpose: "the contract's tests by grpcio",
      programs: [],
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    return new ProgramProbe([join(bin, "python"), probe("python/probe.py"), image(folder)]);
  });
}

function go(stack: "grpc" | "connect"): Stack["start"] {
  return (folder) =>
    whereThereIs("NO_GO", async () => {
      const [program = ""] = await goPrograms({ module: probe("go"), packages: ["./probe"] });
      return new ProgramProbe([program, stack, image(folder)]);
    });
}

async function java(folder: string): Promise<Probe | Missing> {
  const command = javaProbe();
  return "missing" in command ? command : new ProgramProbe([...command, image(folder)]);
}

/** The command itself, of the version in go.mod. */
function grpcurl(): Promise<Probe | Missing> {
  return whereThereIs("NO_GO", async () => {
    const packages = ["github.com/fullstorydev/grpcurl/cmd/grpcurl"];
    const [program = ""] = await goPrograms({ module: probe("go"), packages });
    return new GrpcurlProbe(program);
  });
}

async function whereThereIs(reason: ServersErrorReason, start: () => Promise<Probe>): Promise<Probe | Missing> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof ServersError && error.reason === reason)) throw error;
    return { missing: error.message };
  }
}

function probe(path: string): string {
  return fileURLToPath(new URL(`../../probes/${path}`, import.meta.url));
}

function image(folder: string): string {
  const file = join(folder, "contract.binpb");
  writeFileSync(file, IMAGE);
  return file;
}
