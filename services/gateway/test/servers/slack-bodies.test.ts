// What Slack's page reads of a request before it knows whose it is.
import http2 from "node:http2";
import { createLogger } from "@agentspan/internal";
import { afterEach, describe, expect, it } from "vitest";
import { dialled, hangUp } from "./dialled.js";
import { openGateway, withStack } from "./harness.js";

const stack = withStack();
const SLACK = { api: { baseUrl: "http://127.0.0.1:1/", token: "xoxb-1" }, signingSecret: "secret", users: [] };
const MOST_BYTES = 512 * 1024;

afterEach(hangUp);

describe("a request to /slack/interactions", () => {
  it("is looked at up to 512 KiB, and refused above; many that nobody signed are one line of the log", async () => {
    const lines: string[] = [];
    const log = createLogger("test", "info", { write: (line: string) => void lines.push(line) });
    const { port, close } = await openGateway(stack.nats.url, { slack: SLACK, log });
    try {
      const statusOf = async (bytes: number) => {
        const body = "a".repeat(bytes);
        return (await fetch(`http://127.0.0.1:${port}/slack/interactions`, { method: "POST", body })).status;
      };
      // 401: it was read, and nobody signed it.
      expect([await statusOf(MOST_BYTES), await statusOf(MOST_BYTES + 1)]).toEqual([401, 413]);
      expect(await Promise.all([1, 2, 3].map(statusOf))).toEqual([401, 401, 401]);
      expect(lines.filter((line) => line.includes("is not Slack's"))).toHaveLength(1);
    } finally {
      await close(100);
    }
  });

  it("is answered 413 where it is too long, and does not outlast that by long where the rest never comes", async () => {
    // Of the usual patience: what closes the connection is the page itself.
    const { port, close } = await openGateway(stack.nats.url, { slack: SLACK });
    try {
      const { socket, ended, text } = await dialled(port);
      socket.write("POST /slack/interactions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 30000000\r\n\r\n");
      socket.write(Buffer.alloc(2_000_000));
      const session = http2.connect(`http://127.0.0.1:${port}`);
      const asked = { ":method": "POST", ":path": "/slack/interactions", "content-length": 30_000_000 };
      const stream = session.request(asked);
      const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
      let status: unknown;
      stream.once("response", (headers) => {
        status = headers[":status"];
      });
      stream.on("error", () => undefined).resume();
      stream.write(Buffer.alloc(2_000_000));
      await Promise.all([ended, closed]);
      expect(text()).toMatch(/^HTTP\/1\.1 413 /);
      expect(status).toBe(413);
      session.close();
    } finally {
      await close(100);
    }
  });
});
