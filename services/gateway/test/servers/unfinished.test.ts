// Requests that do not come whole, more than a gateway holds of them.
import { once } from "node:events";
import http2 from "node:http2";
import { fromStatusBytes, reflectionV1 } from "@agentspan/internal";
import { RunService } from "@agentspan/proto";
import { createClient } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { dialled, hangUp } from "./dialled.js";
import { all, runClient, transports, until, withStack } from "./harness.js";

const KiB = 1_024;
const stack = withStack({ unfinishedBytes: 1_024 * KiB });
const GET_STATUS = `/${RunService.typeName}/GetStatus`;
const BEGUN = Buffer.from('{"runId":"run_nobody"'.padEnd(600 * KiB));
const REST = "}";

afterEach(hangUp);

/** An upload over HTTP/1.1 of which the last byte is missing. */
async function upload(path = GET_STATUS, type = "application/json") {
  const dial = await dialled(stack.gateway.port);
  const length = BEGUN.length + REST.length;
  dial.socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`,
  );
  dial.socket.write(BEGUN);
  return dial;
}

/** A gRPC call of which most of the one message has come, on either port. */
function call(port: number) {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  const headers = { ":method": "POST", ":path": GET_STATUS, "content-type": "application/grpc", te: "trailers" };
  const stream = session.request(headers);
  stream.on("error", () => undefined);
  let status: http2.IncomingHttpHeaders = {};
  for (const event of ["response", "trailers"]) {
    stream.on(event, (each: http2.IncomingHttpHeaders) => {
      status = { ...status, ...each };
    });
  }
  const closed = once(stream, "close");
  const envelope = Buffer.from(encodeEnvelope(0, BEGUN));
  stream.write(envelope.subarray(0, -1));
  stream.resume();
  return { session, stream, closed, status: () => status, last: envelope.subarray(-1) };
}

function reasonOf(status: http2.IncomingHttpHeaders): string | undefined {
  return fromStatusBytes(Buffer.from(String(status["grpc-status-details-bin"]), "base64"))?.reason;
}

const REFUSED = /^HTTP\/1\.1 429 [\s\S]*RATE_LIMITED/;

describe("requests that have not come whole", () => {
  it("make room, the oldest first, each with an answer; the newest is taken, and small ones are as ever", async () => {
    const uploads = [];
    for (let at = 0; at < 4; at += 1) {
      uploads.push(await upload());
      const before = uploads.at(-2);
      if (before !== undefined) await until(() => REFUSED.test(before.text()));
      await expect(runClient(stack.gateway, "Connect with JSON").getStatus({ runId: "run_1" })).rejects.toThrow();
    }
    const newest = uploads.pop();
    newest?.socket.write(REST);
    await until(() => /^HTTP\/1\.1 404 [\s\S]*RUN_NOT_FOUND/.test(newest?.text() ?? ""));
    // What nobody reads any more is not waited for.
    for (const { ended, text } of uploads) {
      await ended;
      expect(text().match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(text()).toMatch(/google\.rpc\.RetryInfo/);
    }
  });

  it("are counted over both ports, and gRPC is told by its status", async () => {
    for (const port of [stack.gateway.port, stack.gateway.grpcPort]) {
      const { session, closed, status } = call(port);
      const second = call(stack.gateway.grpcPort);
      await closed;
      expect([status()["grpc-status"], reasonOf(status())]).toEqual(["8", "RATE_LIMITED"]);
      // The connection goes on, and so does whoever came later.
      const after = session.request({ ":method": "GET", ":path": "/healthz" });
      expect(await all(after)).toBeDefined();
      second.stream.end(second.last);
      await second.closed;
      expect(second.status()["grpc-status"]).toBe("3");
      session.close();
      second.session.close();
    }
  });

  it("are counted where nobody has said yet who sends them: the form of a link", async () => {
    const form = await upload("/decide/none", "application/x-www-form-urlencoded");
    const other = await upload();
    await until(() => /^HTTP\/1\.1 400 [\s\S]*This form cannot be read/.test(form.text()));
    other.socket.write(REST);
    await until(() => other.text().includes("RUN_NOT_FOUND"));
  });

  it("leave room once they are whole, or their sender is gone", async () => {
    for (let at = 0; at < 3; at += 1) {
      const gone = await upload();
      gone.socket.destroy();
    }
    const runId = "r".repeat(600 * KiB);
    for (const protocol of ["gRPC", "gRPC on the second port", "Connect over HTTP/1.1", "gRPC"]) {
      await expect(runClient(stack.gateway, protocol).getStatus({ runId })).rejects.toThrow(/runId/);
    }
  });

  it("are not the conversations that go on, however much is said in them", async () => {
    for (const protocol of ["gRPC", "gRPC on the second port"]) {
      const transport = transports(stack.gateway).get(protocol);
      if (transport === undefined) throw new Error(`No transport ${protocol}`);
      const asked = async function* () {
        // No piece of the connection ends where a message does.
        const host = "h".repeat(61 * KiB + 7);
        for (let at = 0; at < 40; at += 1) {
          yield { host, messageRequest: { case: "fileContainingSymbol" as const, value: "agentspan.v1.Nothing" } };
        }
      };
      const answers = await all(createClient(reflectionV1.ServerReflection, transport).serverReflectionInfo(asked()));
      expect(answers).toHaveLength(40);
    }
  });
});
