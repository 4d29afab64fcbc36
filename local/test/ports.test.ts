import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, it } from "vitest";
import { isAgentspan, portProblem, requirePort } from "../src/ports.js";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listening(server: Server, host = "127.0.0.1"): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

it("finds a port taken by whoever listens on it, on this address or on all", async () => {
  expect(await portProblem(await listening(createServer()))).toBe("EADDRINUSE");
  expect(await portProblem(await listening(createServer(), "0.0.0.0"))).toBe("EADDRINUSE");
});

it("leaves a free port free", async () => {
  const port = await listening(createServer());
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await portProblem(port)).toBeUndefined();
  expect(await portProblem(port)).toBeUndefined();
});

it("names the port and the option that chooses another", async () => {
  const port = await listening(createHttpServer((_request, response) => response.end("hello")));
  await expect(requirePort(port, "--port")).rejects.toMatchObject({
    reason: "PORT_TAKEN",
    message: `Port ${port} is taken by another program. Stop it, or choose another port with --port.`,
  });
});

it("says so where another Agentspan server has the port", async () => {
  const port = await listening(
    createHttpServer((_request, response) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end('{"code":"invalid_argument","details":[{"type":"google.rpc.ErrorInfo"}]}');
    }),
  );
  await expect(requirePort(port, "--grpc-port")).rejects.toThrow(
    `Port ${port} is taken by another Agentspan server. Stop it, or choose another port with --grpc-port.`,
  );
});

it("takes any port where 0 is asked for", async () => {
  await expect(requirePort(0, "--port")).resolves.toBeUndefined();
});

it("takes neither silence nor a closed port for an Agentspan server", async () => {
  const port = await listening(createServer((socket) => socket.destroy()));
  expect(await isAgentspan(`http://127.0.0.1:${port}`)).toBe(false);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await isAgentspan(`http://127.0.0.1:${port}`)).toBe(false);
});
