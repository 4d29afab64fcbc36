// Whatever else may answer where an Agentspan server is looked for, such as NATS on the port beside.

import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { RunService } from "@agentspan/proto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectTransport } from "../../src/rpc/connect-transport.js";
import { RunClient } from "../../src/rpc/run-client.js";

let server: Server;
beforeEach(async () => {
  // As NATS does: it speaks first, and ends what it does not understand.
  server = createServer((socket) => {
    socket.on("error", () => undefined).write('INFO {"server_id":"N"}\r\n');
    socket.on("data", () => socket.end("-ERR 'Unknown Protocol Operation'\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

it("is told to be none, and ends no program", async () => {
  const { port } = server.address() as AddressInfo;
  const transport = connectTransport(`http://127.0.0.1:${port}`);
  const client = new RunClient(transport, { patienceMs: 500 });
  await expect(client.call(RunService.method.getStatus, { runId: "run_1" })).rejects.toThrow(
    /broke: Protocol error. Is that an Agentspan server's address, and not another's, such as NATS\?/,
  );
  transport.close();
});
