// An OpenAI-compatible server in its own process that answers at once: the refund agent's four turns, told by how many
// tool results the request already has.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Message {
  readonly role: string;
}

const TURNS = [
  toolCall("get_order", { order_id: "ORD-8821" }),
  toolCall("get_customer", { customer_id: "cust_001" }),
  toolCall("process_refund", { order_id: "ORD-8821", amount: 29.99 }),
];

function toolCall(name: string, args: object) {
  const call = { id: `call_${name}`, type: "function", function: { name, arguments: JSON.stringify(args) } };
  return { finish_reason: "tool_calls", message: { role: "assistant", content: null, tool_calls: [call] } };
}

const FINAL = { finish_reason: "stop", message: { role: "assistant", content: "The refund of $29.99 has been paid." } };

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { messages } = JSON.parse(Buffer.concat(chunks).toString()) as { messages: readonly Message[] };
    const turn = TURNS[messages.filter(({ role }) => role === "tool").length] ?? FINAL;
    const body = JSON.stringify({
      id: "chatcmpl-bench",
      object: "chat.completion",
      created: 0,
      model: "bench",
      choices: [{ index: 0, ...turn }],
      usage: { prompt_tokens: 300, completion_tokens: 30, total_tokens: 330 },
    });
    response
      .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
      .end(body);
  });
});

server.listen(0, "127.0.0.1", () => {
  process.send?.({ ready: true, port: (server.address() as AddressInfo).port });
});
process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
