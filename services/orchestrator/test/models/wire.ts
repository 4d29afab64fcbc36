// A model server that misbehaves as it is told, byte by byte where need be.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface WireRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The connection it came on, numbered from 1. */
  readonly connection: number;
}

export type WireHandler = (request: WireRequest, response: ServerResponse, socket: Socket) => void;

export interface WireServer {
  /** "http://127.0.0.1:port" */
  readonly url: string;
  readonly requests: readonly WireRequest[];
  readonly connections: () => number;
  /** Resolves when the connection of the newest request has been closed. */
  readonly disconnected: () => Promise<void>;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. Whoever starts it closes it. */
export async function startWireServer(handler: WireHandler): Promise<WireServer> {
  const requests: WireRequest[] = [];
  const sockets = new Map<Socket, number>();
  let newest: Socket | undefined;
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => {
      const { socket } = message;
      newest = socket;
      const body = Buffer.concat(chunks).toString();
      const connection = sockets.get(socket) ?? 0;
      const request = { path: message.url ?? "", headers: message.headers, body, connection };
      requests.push(request);
      handler(request, response, socket);
    });
  });
  server.on("connection", (socket) => sockets.set(socket, sockets.size + 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => sockets.size,
    disconnected: () =>
      new Promise((resolve) => {
        if (newest === undefined || newest.destroyed) resolve();
        else newest.once("close", () => resolve());
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

/** A chat completion with this message. */
export function completion(message: unknown, finishReason: unknown = "stop", usage: unknown = undefined): unknown {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: finishReason }],
    usage,
  };
}

/** One server-sent event with a chunk of a chat completion. */
export function chunk(delta: unknown, finishReason: unknown = null): string {
  return event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  });
}

export function event(data: unknown): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}
