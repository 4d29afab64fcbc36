import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, it } from "vitest";
import { isAgentspan, portProblem, portsOf, requirePort, requirePorts } from "../src/ports.js";

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

it("says of two options that they name one port, before it says who has it", async () => {
  const port = await listening(createServer((socket) => socket.destroy()));
  await expect(requirePorts({ port, grpcPort: port, env: {} })).rejects.toMatchObject({
    reason: "PORT_TWICE",
    message: `--port and --grpc-port both name port ${port}: each takes one of its own. Choose another for one of them.`,
  });
  await expect(requirePorts({ port: 0, grpcPort: port, natsPort: port, env: {} })).rejects.toThrow(
    `--grpc-port and --nats-port both name port ${port}:`,
  );
  await expect(requirePorts({ port: 7000, natsPort: 7001, env: {} })).rejects.toThrow(
    "--grpc-port and --nats-port both name port 7001 (--grpc-port is the port beside --port unless said)",
  );
  await expect(requirePorts({ port: 0, grpcPort: 0, natsPort: 0, env: {} })).resolves.toBeUndefined();
  // Where NATS is somewhere else nobody listens there.
  const elsewhere = { NATS_URL: "nats://127.0.0.1:4222" };
  await expect(requirePorts({ port: 0, grpcPort: port, natsPort: port, env: elsewhere })).rejects.toMatchObject({
    reason: "PORT_TAKEN",
  });
});

it("puts gRPC beside the port that is asked for, also beside the last one", () => {
  expect(portsOf({})).toEqual({ port: 6767, grpcPort: 6768 });
  expect(portsOf({ port: 7000 })).toEqual({ port: 7000, grpcPort: 7001 });
  expect(portsOf({ port: 65_535 })).toEqual({ port: 65_535, grpcPort: 65_534 });
  expect(portsOf({ port: 0 })).toEqual({ port: 0, grpcPort: 0 });
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
