import { deepStrictEqual } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { gzipSync } from "node:zlib";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { codeFromString, codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { type Call, type End, Ongoing, type Probe } from "./call.js";
import { codeName } from "./connect-probe.js";
import { detailOf } from "./js-messages.js";

interface JsonError {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string; readonly debug: JsonObject }[];
}

const ENVELOPE_HEADER_BYTES = 5;
const END_OF_STREAM = 2;

/** JSON over HTTP/1.1 by curl, a process for each call. What it reads is the server's own JSON. */
export class CurlProbe implements Probe {
  begin(call: Call): Ongoing {
    if (call.kind === "bidi_streaming") throw new Error("HTTP/1.1 has no conversations.");
    const { port, path, gzip, deadlineMs } = call;
    const unary = call.kind === "unary";
    const headers = [
      `content-type: application/${unary ? "" : "connect+"}json`,
      ...(gzip ? ["content-encoding: gzip"] : []),
      ...(deadlineMs === undefined ? [] : [`connect-timeout-ms: ${deadlineMs}`]),
    ].flatMap((header) => ["--header", header]);
    const args = ["--silent", "--show-error", "--no-buffer", "--http1.1", ...headers, "--data-binary", "@-"];
    const child = spawn("curl", [...args, "--write-out", "%{stderr}%{http_code}", `http://127.0.0.1:${port}${path}`]);
    const ongoing = new Ongoing(() => {
      child.kill();
      ongoing.finish({ code: "CANCELLED" });
    });
    const body = Buffer.from(JSON.stringify(call.requests[0]));
    // Refused before it was read: curl says what came instead.
    child.stdin.on("error", () => undefined);
    child.stdin.end(gzip ? gzipSync(body) : unary ? body : encodeEnvelope(0, body));
    child.on("error", (error) => ongoing.fail(error));
    const answered = unary ? unaryAnswer : streamedAnswer;
    answered(child, ongoing).catch((error: unknown) => ongoing.fail(error));
    return ongoing;
  }

  async stop(): Promise<void> {
    // Each process ends with its call.
  }
}

async function unaryAnswer(child: ChildProcess, ongoing: Ongoing): Promise<void> {
  const { status, body } = await closed(child);
  const json: unknown = JSON.parse(body.toString("utf8"));
  if (status === 200) {
    ongoing.tell(json as JsonObject);
    ongoing.finish({ code: "OK" });
    return;
  }
  const error = json as JsonError;
  const right = codeToHttpStatus(codeOf(error));
  if (status !== right)
    throw new Error(`${error.code} has the HTTP status ${right} in Connect; it came with ${status}.`);
  ongoing.finish(endOf(error));
}

async function streamedAnswer(child: ChildProcess, ongoing: Ongoing): Promise<void> {
  let bytes: Buffer = Buffer.alloc(0);
  child.stdout?.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const size = bytes.length < ENVELOPE_HEADER_BYTES ? Infinity : ENVELOPE_HEADER_BYTES + bytes.readUInt32BE(1);
      if (bytes.length < size) return;
      const [flags] = bytes;
      const json = JSON.parse(bytes.subarray(ENVELOPE_HEADER_BYTES, size).toString("utf8"));
      bytes = bytes.subarray(size);
      if (flags !== END_OF_STREAM) ongoing.tell(json);
      else ongoing.finish(json.error === undefined ? { code: "OK" } : endOf(json.error));
    }
  });
  const { status } = await closed(child);
  // Without an effect where the stream has said how it ended.
  ongoing.fail(new Error(`The stream ended without an end, with the HTTP status ${status}.`));
}

async function closed(child: ChildProcess): Promise<{ readonly status: number; readonly body: Buffer }> {
  const said: Buffer[] = [];
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
  await new Promise((resolve) => child.once("close", resolve));
  const text = Buffer.concat(said).toString("utf8");
  const status = Number(/\d{3}$/.exec(text)?.[0] ?? 0);
  if (status === 0 && child.exitCode !== null) throw new Error(`curl ended with ${child.exitCode}: ${text}`);
  return { status, body: Buffer.concat(chunks) };
}

function codeOf({ code }: JsonError): Code {
  const known = codeFromString(code);
  if (known === undefined) throw new Error(`Connect has no code ${code}.`);
  return known;
}

function endOf(error: JsonError): End {
  const details = (error.details ?? []).map(({ type, value, debug }) => {
    const detail = detailOf(type, Buffer.from(value, "base64"));
    // A person, or a program without protobuf, reads the JSON beside it.
    deepStrictEqual({ ...debug, "@type": detail["@type"] }, { ...detail });
    return detail;
  });
  return { code: codeName(codeOf(error)), message: error.message ?? "", details };
}
