import { createServer } from "node:net";

/**
 * A TCP port of 127.0.0.1 that was free a moment ago. Nothing reserves it: whoever starts a server on it must be ready
 * to lose the race and ask again.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new TypeError("A TCP server has no TCP address.");
  return address.port;
}
