// Connections on which a test writes by hand.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Dialled {
  readonly socket: Socket;
  /** What has come back. */
  readonly text: () => string;
  /** The server has ended its half, or the connection is gone. */
  readonly ended: Promise<void>;
  readonly closed: Promise<void>;
}

const sockets: Socket[] = [];

/** For the end of each test: no connection outlasts it. */
export function hangUp(): void {
  for (const socket of sockets.splice(0)) socket.destroy();
}

/** Has connections ended with the others. */
export function hungUpOn(...more: readonly Socket[]): void {
  sockets.push(...more);
}

/** To a port of this machine. */
export async function dialled(port: number): Promise<Dialled> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  hungUpOn(socket);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const ended = new Promise<void>((resolve) => socket.once("end", () => resolve()));
  await once(socket, "connect");
  return { socket, text: () => text, ended: Promise.race([ended, closed]), closed };
}
