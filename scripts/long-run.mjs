#!/usr/bin/env node
// Runs one agent for two thousand turns on real servers, and prints what a turn costs as the run gets longer: time, CPU of
// the orchestrator, size of the run's document, chunks of its history. In the end the whole history is read back.
//
//   npm run build && node scripts/long-run.mjs [turns]
//
// Two thousand unless said. The figures of the last run are in docs/measured/long-run.md.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { deskAgent, Stack, until } from "../e2e/dist/index.js";

const turns = Number(process.argv[2] ?? 2_000);
const rows = 10;
const RESULT_BYTES = 300;

/** A model that calls one tool in each turn. It keeps nothing: a conversation of that length is a MB. */
async function modelServer(onTurn) {
  const server = createServer((request, response) => {
    let turn = 1;
    let bytes = 0;
    let rest = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => {
      bytes += Buffer.byteLength(chunk);
      const text = rest + chunk;
      turn += text.split('"role":"assistant"').length - 1;
      // What may be the beginning of the next one, and cannot be the whole of it.
      rest = text.slice(-17);
    });
    request.on("end", () => {
      onTurn(turn, bytes);
      const done = turn > turns;
      const call = { name: "get_order", arguments: JSON.stringify({ bytes: RESULT_BYTES, turn }) };
      const tool_calls = [{ id: `call_${turn}`, type: "function", function: call }];
      const message = done ? { role: "assistant", content: "done" } : { role: "assistant", content: null, tool_calls };
      const choices = [{ index: 0, message, finish_reason: done ? "stop" : "tool_calls" }];
      const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id: "c", object: "chat.completion", created: 0, model: "m", choices, usage }));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close() };
}

function usageOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, rssMiB: Math.round(Number(rss) / 1024) };
}

const marks = [];
const model = await modelServer((turn, requestBytes) => {
  if ((turn - 1) % (turns / rows) === 0) marks.push({ turn, requestBytes, at: performance.now() });
});
const stack = await Stack.start({
  env: {
    AGENTSPAN_LEASE: "10s",
    AGENTSPAN_HEARTBEAT: "3s",
    AGENTSPAN_SWEEP: "500ms",
    AGENTSPAN_LOG_LEVEL: "warn",
    AGENTSPAN_MODEL_PROVIDERS: JSON.stringify({ script: { baseUrl: model.url } }),
  },
});
try {
  const agent = deskAgent("desk", { maxTurns: turns + 1 });
  const handle = await stack.runtime().start(agent, "a long run", { serve: false });
  const { runId } = handle;
  console.log(
    "| turns | ms a turn | orchestrator CPU ms a turn | orchestrator RSS MiB | request to the model, kB | state, kB | events in the document, kB | chunks |",
  );
  console.log("|---|---|---|---|---|---|---|---|");
  let before;
  for (let row = 0; row <= rows; row += 1) {
    const mark = await until(`turn ${row * (turns / rows)}`, () => marks[row], { withinMs: 600_000, everyMs: 20 });
    const usage = usageOf(stack.orchestrators[0].pid);
    const { run, events, chunks } = await stack.database.collection("runs").findOne({ _id: runId });
    const now = { ...mark, ...usage };
    if (before !== undefined) {
      const count = now.turn - before.turn;
      const kB = (bytes) => (bytes / 1_000).toFixed(1);
      const cells = [
        `${before.turn} to ${now.turn - 1}`,
        ((now.at - before.at) / count).toFixed(1),
        ((now.cpuMs - before.cpuMs) / count).toFixed(1),
        now.rssMiB,
        kB(now.requestBytes),
        kB(Buffer.byteLength(run)),
        kB(events.reduce((sum, text) => sum + Buffer.byteLength(text), 0)),
        chunks.length,
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
    before = now;
  }
  const { state } = await handle.result({ signal: AbortSignal.timeout(60_000) });
  const begun = performance.now();
  const { runs } = stack.rpc();
  let after = 0n;
  let pages = 0;
  for (let more = true; more; pages += 1) {
    const page = await runs.getHistory({ runId, afterSequence: after });
    for (const { sequence } of page.events) {
      if (sequence !== after + 1n) throw new Error(`After event ${after} came ${sequence}.`);
      after = sequence;
    }
    more = page.more;
  }
  const readMs = Math.round(performance.now() - begun);
  let streamed = 0;
  const from = performance.now();
  for await (const event of stack.runtime().handle(runId).stream()) if (event.sequence > 0) streamed += 1;
  const streamMs = Math.round(performance.now() - from);
  console.log(
    `\nIt ${state}. Its ${after} events were read in ${pages} pages and ${readMs} ms, each once and in order; a stream gave ${streamed} in ${streamMs} ms.`,
  );
} finally {
  await stack.stop();
  model.close();
}
