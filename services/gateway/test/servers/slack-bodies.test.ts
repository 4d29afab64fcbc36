// What Slack's page reads of a request before it knows whose it is, and what it answers without asking anybody.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { createLogger } from "@agentspan/internal";
import { eventually } from "@agentspan/servers/eventually";
import { afterEach, describe, expect, it } from "vitest";
import { formText, REJECT_FORM } from "../../src/slack/payload.js";
import { dialled, hangUp } from "./dialled.js";
import { all, openGateway, withStack } from "./harness.js";

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

  it("of Slack's own is answered: a button that says nothing, and a reason of which nobody sees anything", async () => {
    const told: string[] = [];
    const workspace = createServer(async (request, response) => {
      const body = Buffer.concat(await all<Buffer>(request)).toString();
      told.push(`${request.url} ${new URLSearchParams(body).get("text")}`);
      response.end('{"ok":true}');
    }).listen(0, "127.0.0.1");
    await once(workspace, "listening");
    const api = { ...SLACK.api, baseUrl: `http://127.0.0.1:${(workspace.address() as AddressInfo).port}/` };
    const { port, close } = await openGateway(stack.nats.url, { slack: { ...SLACK, api } });
    const post = (payload: object) => {
      const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
      const time = String(Math.floor(Date.now() / 1_000));
      const signature = createHmac("sha256", SLACK.signingSecret).update(`v0:${time}:${body}`).digest("hex");
      const headers = { "x-slack-request-timestamp": time, "x-slack-signature": `v0=${signature}` };
      return fetch(`http://127.0.0.1:${port}/slack/interactions`, { method: "POST", body, headers });
    };
    try {
      const who = { team: { id: "T1" }, user: { id: "U1" } };
      const button = { action_id: "agentspan_reject", action_ts: "1.2", value: '["run_1"]' };
      const press = { type: "block_actions", ...who, trigger_id: "t", channel: { id: "C1" }, actions: [button] };
      expect((await post(press)).status).toBe(200);
      const said = "/chat.postEphemeral This button cannot be read. Decide in the desk. Nothing was recorded.";
      await eventually(() => expect(told).toEqual([said]));
      const private_metadata = formText({ runId: "run_1", approvalId: "apr_1", digest: "sha256:00" }, "C1");
      const state = { values: { reason: { reason: { value: " \u2800" } } } };
      const view = { id: "V1", callback_id: REJECT_FORM, private_metadata, state };
      const answer = await post({ type: "view_submission", ...who, view });
      const errors = { reason: "Say why: the agent is told, and answers to it." };
      expect(await answer.json()).toEqual({ response_action: "errors", errors });
      expect(told).toHaveLength(1);
    } finally {
      await close(100);
      workspace.close();
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
