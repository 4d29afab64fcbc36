// The stacks whose clients speak with the gateway: every one is asked the same and must be told the same.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment, ServersError } from "@agentspan/servers";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { Port } from "../checks/check.js";
import type { Probe } from "./call.js";
import { ConnectProbe } from "./connect-probe.js";
import { CurlProbe } from "./curl-probe.js";
import { GrpcJsProbe } from "./grpc-js-probe.js";
import { IMAGE } from "./image.js";
import { ProgramProbe } from "./program-probe.js";

export interface Stack {
  readonly name: string;
  readonly ports: readonly Port[];
  /** HTTP/1.1, and what is made for it, has no calls in which both sides stream. */
  readonly conversations: boolean;
  /** How often its client can ping at most, milliseconds; absent where its protocol has no pings. */
  readonly pingEveryMs?: number;
  /** Starts its client; the folder is for the file of descriptors. Or why there is none here. */
  readonly start: (folder: string) => Promise<Probe | { readonly missing: string }>;
}

const GRPC: readonly Port[] = ["port", "grpcPort"];
const OVER_HTTP1 = { ports: ["port"], conversations: false } as const;

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
  { name: "grpc-js", ports: GRPC, conversations: true, pingEveryMs: 100, start: async () => new GrpcJsProbe() },
  { name: "grpcio", ports: GRPC, conversations: true, pingEveryMs: 100, start: python },
];

async function curl(): Promise<Probe | { readonly missing: string }> {
  const { error } = spawnSync("curl", ["--version"]);
  return error === undefined ? new CurlProbe() : { missing: `There is no curl on PATH (${error.message}).` };
}

async function python(folder: string): Promise<Probe | { readonly missing: string }> {
  try {
    const bin = await pythonEnvironment({
      requirements: probe("python/requirements.txt"),
      purpose: "the contract's tests by grpcio",
      programs: [],
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    return new ProgramProbe([join(bin, "python"), probe("python/probe.py"), image(folder)]);
  } catch (error) {
    if (!(error instanceof ServersError && error.reason === "NO_PYTHON")) throw error;
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
