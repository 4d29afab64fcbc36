// A receiver of webhooks as somebody else writes one: its own process, which verifies with the library of the specification.
// Of each message it asks the gateway, before it answers, whether what it tells of is in the run's history.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { HeardMessage } from "./webhook-receiver.js";

interface Told {
  readonly type: string;
  readonly data: { readonly runId: string; readonly sequence: number };
}

interface Asked {
  readonly ask?: number;
  readonly secret?: string;
  readonly status?: number;
}

const gateway = process.env.GATEWAY_URL ?? "";
const heard: HeardMessage[] = [];
let secret = "";
let status = 204;

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join() : (value ?? ""),
      ]),
    );
    note(Buffer.concat(pieces).toString("utf8"), headers)
      .then(() => response.writeHead(status).end())
      .catch((error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        response.writeHead(500).end();
      });
  });
});

async function note(body: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const answered = status;
  const at = Date.now();
  const message = verified(body, headers);
  const { type = "", data } = message ?? {};
  const { runId = "", sequence = 0 } = data ?? {};
  heard.push({
    ...{ id: headers["webhook-id"] ?? "", verified: message !== undefined, type, runId, sequence, answered, body },
    committed: message !== undefined && (await isInHistory(runId, sequence)),
    at,
  });
}

function verified(body: string, headers: Readonly<Record<string, string>>): Told | undefined {
  try {
    return new Webhook(secret).verify(body, headers) as Told;
  } catch {
    return undefined; // It is told by what is heard.
  }
}

async function isInHistory(runId: string, sequence: number): Promise<boolean> {
  const answer = await fetch(`${gateway}/agentspan.v1.RunService/GetHistory`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ runId, afterSequence: String(sequence - 1), pageSize: 1 }),
  });
  const { events = [] } = (await answer.json()) as { events?: readonly { readonly sequence: string }[] };
  return events[0]?.sequence === String(sequence);
}

process.on("message", (message: Asked) => {
  secret = message.secret ?? secret;
  status = message.status ?? status;
  if (message.ask !== undefined) process.send?.({ answer: message.ask, heard });
});
process.once("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => {
  process.send?.({ ready: true, port: (server.address() as AddressInfo).port });
});
