// One run served by three languages: examples/three-languages, with each of its programs as a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Stack, until } from "@agentspan/e2e";
import { TRUSTED_KEYS_FILE } from "@agentspan/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goProgram } from "../../../workers/go/test/environment.js";
import { JAVA_HOME, mavenRun } from "../../../workers/java/test/maven-run.js";
import { testPython } from "../../../workers/python/test/environment.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PYTHON_HOME = join(ROOT, "workers", "python");
const START = join(ROOT, "examples", "three-languages", "start.mjs");
const JAR = join(JAVA_HOME, "examples", "target", "examples.jar");

const [go, java, python] = await Promise.all([goProgram("./examples/refund"), mavenRun(), testPython()]);
const missing = [go, java, python].flatMap((one) => ("missing" in one ? [one.missing] : []));

interface ListedWorker {
  readonly workerId: string;
  readonly sdkVersion: string;
  readonly registeredAt: string;
  readonly lastSeenAt: string;
  readonly tools: readonly { readonly name: string }[];
}

interface Program {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  said(): string;
}

describe.skipIf(missing.length > 0)("one run", () => {
  let stack: Stack;
  const programs: Program[] = [];

  function start(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env } });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    const started = { child, exited: once(child, "exit"), said: () => said };
    programs.push(started);
    return started;
  }

  function startWorkers(): void {
    if ("missing" in go || "missing" in java || "missing" in python) throw new Error(missing.join(" "));
    const env = {
      AGENTSPAN_NATS_URL: stack.servers.natsUrl,
      AGENTSPAN_TRUSTED_KEYS_FILE: join(stack.keysFolder, TRUSTED_KEYS_FILE),
      REFUND_LEDGER: join(stack.folder, "refunds.jsonl"),
    };
    const sources = { PYTHONPATH: join(PYTHON_HOME, "src"), PYTHONDONTWRITEBYTECODE: "" };
    start(go.file, ["-tools", "get_order"], env);
    start(java.java, ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", JAR, "get_customer"], env);
    const script = join(PYTHON_HOME, "examples", "refund_worker.py");
    start(join(python.bin, "python"), [script, "process_refund"], { ...env, ...sources });
  }

  beforeAll(async () => {
    stack = await Stack.start({ workers: 0, signed: true });
  });
  afterAll(async () => {
    for (const { child } of programs) child.kill("SIGKILL");
    await stack.stop();
  });

  it("is started by TypeScript, served by Go, Java and Python, and approved by curl", async () => {
    const { url } = stack.gateway();
    // It is there first: its calls wait for whoever serves them.
    const starter = start(process.execPath, [START], { AGENTSPAN_SERVER_URL: url });
    const runId = await until("the run has begun", () => /Run (run_\w+)/.exec(starter.said())?.[1]);
    startWorkers();
    const waits = () => /^(process_refund .*) waits for approval (apr_\w+)$/m.exec(starter.said());
    const [, call, approvalId] = await until("it waits for a person", () => waits() ?? undefined, { withinMs: 60_000 });
    expect(call).toBe('process_refund {"amount":29.99,"order_id":"ORD-8821"}');

    const body = JSON.stringify({ runId, approvalId, decisionId: randomUUID() });
    const approve = `${url}/agentspan.v1.RunService/Approve`;
    const curl = start("curl", ["-sS", approve, "-H", "content-type: application/json", "-d", body]);
    expect(await curl.exited).toEqual([0, null]);
    expect(JSON.parse(curl.said())).toMatchObject({ decision: { approvalId }, closed: true });

    expect(await starter.exited, starter.said()).toEqual([0, null]);
    const served = new Map(
      starter
        .said()
        .split("\n")
        .flatMap((line) => {
          const [, tool = "", worker = ""] = /^(\w+) is run by (\S+)$/.exec(line) ?? [];
          return tool === "" ? [] : [[tool, worker] as const];
        }),
    );
    expect([...served.keys()]).toEqual(["get_order", "get_customer", "process_refund"]);
    expect(new Set(served.values()).size).toBe(3);

    const listed = start("curl", [
      ...["-sS", `${url}/agentspan.v1.WorkerService/ListWorkers`],
      ...["-H", "content-type: application/json", "-d", "{}"],
    ]);
    expect(await listed.exited).toEqual([0, null]);
    const { workers } = JSON.parse(listed.said()) as { readonly workers: readonly ListedWorker[] };
    const byTool = new Map(workers.map((worker) => [worker.tools[0]?.name, worker] as const));
    for (const [tool, language] of [
      ["get_order", "go"],
      ["get_customer", "java"],
      ["process_refund", "python"],
    ] as const) {
      const worker = byTool.get(tool);
      expect(worker).toMatchObject({ workerId: served.get(tool), language, live: true, tools: [{ name: tool }] });
      expect(worker?.sdkVersion).toMatch(/^\d+\.\d+/);
      expect(Date.parse(worker?.lastSeenAt ?? "")).toBeGreaterThanOrEqual(Date.parse(worker?.registeredAt ?? ""));
    }
  });
});
