#!/usr/bin/env node
// Holds a stream open on a run that waits for a person, and prints what that costs: bytes in both directions, CPU of the
// gateway and the orchestrator, events, and how often the stream had to connect again.
//
//   npm run build && node scripts/long-stream.mjs [minutes]
//
// Ten minutes unless said. In the end the run is approved, so that the stream is seen to be alive. The figures of the last
// run are in docs/measured/long-stream.md.
import { readFileSync } from "node:fs";
import { createServer, connect as dial } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { AgentRuntime } from "@agentspan/sdk";
import { deskAgent, Stack, until } from "../e2e/dist/index.js";

const minutes = Number(process.argv[2] ?? 10);
const EVERY_MS = 60_000;
/** Leases as in production: what is measured is what an operator gets. */
const PRODUCTION = {
  AGENTSPAN_LEASE: "10s",
  AGENTSPAN_HEARTBEAT: "3s",
  AGENTSPAN_SWEEP: "500ms",
  AGENTSPAN_LOG_LEVEL: "warn",
};

/** A door in front of the gateway that counts what goes through it. */
async function countingDoor(port) {
  const counted = { connections: 0, toGateway: 0, toClient: 0 };
  const server = createServer((near) => {
    counted.connections += 1;
    const far = dial({ host: "127.0.0.1", port });
    near.on("data", (chunk) => {
      counted.toGateway += chunk.length;
    });
    far.on("data", (chunk) => {
      counted.toClient += chunk.length;
    });
    near.pipe(far).pipe(near);
    const end = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on("error", end).on("close", end);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { counted, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** CPU that a process has used, in milliseconds; undefined where there is no /proc. */
function cpuMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

const stack = await Stack.start({ env: PRODUCTION });
const door = await countingDoor(stack.gateway().port);
const watcher = new AgentRuntime({ url: door.url });
try {
  const input = stack.model.script("long stream", [
    { calls: [{ tool: "refund", args: { order_id: "ORD-8821", amount: 29.99 } }] },
    { text: "Refunded." },
  ]);
  const handle = await stack.runtime().start(deskAgent(), input, { serve: false });
  await until("the run waits", async () => (await handle.getStatus()).isWaiting);

  const seen = [];
  const processes = { gateway: stack.gateway().service.pid, orchestrator: stack.orchestrators[0].pid };
  const figures = () => ({
    ...door.counted,
    events: seen.length,
    gatewayMs: cpuMs(processes.gateway),
    orchestratorMs: cpuMs(processes.orchestrator),
  });
  console.log(
    "| minute | bytes to the gateway | bytes to the client | events | connections | gateway CPU ms | orchestrator CPU ms |",
  );
  console.log("|---|---|---|---|---|---|---|");
  const row = (name, a, b) => {
    const { toGateway, toClient, events, connections, gatewayMs, orchestratorMs } = b;
    const cells = [
      toGateway - a.toGateway,
      toClient - a.toClient,
      events - a.events,
      connections,
      gatewayMs - a.gatewayMs,
      orchestratorMs - a.orchestratorMs,
    ];
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  };
  const idle = figures();
  await delay(EVERY_MS);
  row("no stream", idle, figures());

  const reading = (async () => {
    for await (const event of watcher.handle(handle.runId).stream()) seen.push(event.type);
  })();
  await until("the stream shows the checkpoint", () => seen.includes("waiting"));
  const begin = figures();
  let last = begin;
  for (let minute = 1; minute <= minutes; minute += 1) {
    await delay(EVERY_MS);
    const now = figures();
    row(minute, last, now);
    last = now;
  }
  row("all", begin, last);

  const begun = performance.now();
  await handle.approve();
  await reading;
  const tookMs = Math.round(performance.now() - begun);
  console.log(
    `\nAfter ${minutes} minutes the run was approved: ${seen.slice(-4).join(", ")} came within ${tookMs} ms, over connection ${door.counted.connections}.`,
  );
} finally {
  await watcher.shutdown();
  door.close();
  await stack.stop();
}
