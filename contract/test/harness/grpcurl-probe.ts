import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { JsonObject } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type Call, type End, Ongoing, type Probe } from "./call.js";

/** grpcurl, a process for each call; what it knows of the contract it asks the server by reflection. */
export class GrpcurlProbe implements Probe {
  constructor(private readonly program: string) {}

  begin({ port, path, deadlineMs, requests }: Call): Ongoing {
    const args = ["-plaintext", "-format", "json", "-format-error", "-d", "@"];
    if (deadlineMs !== undefined) args.push("-max-time", String(deadlineMs / 1_000));
    const child = spawn(this.program, [...args, `127.0.0.1:${port}`, path.slice(1)]);
    const ongoing = new Ongoing(() => {
      child.kill();
      ongoing.finish({ code: "CANCELLED" });
    });
    createInterface({ input: child.stdout }).on(
      "line",
      eachObject((message) => ongoing.tell(message)),
    );
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.on("error", (error) => ongoing.fail(error));
    child.on("close", (code) => ongoing.finish(code === 0 ? { code: "OK" } : endOf(said)));
    child.stdin.on("error", () => undefined);
    child.stdin.end(requests.map((request) => JSON.stringify(request)).join("\n"));
    return ongoing;
  }

  async stop(): Promise<void> {
    // Each process ends with its call.
  }
}

/** Of objects that are written over several lines, the closing bracket alone on one. */
function eachObject(take: (object: JsonObject) => void): (line: string) => void {
  let text = "";
  return (line) => {
    text += `${line}\n`;
    if (line !== "}" && line !== "{}") return;
    take(JSON.parse(text));
    text = "";
  };
}

interface Told {
  readonly code: number;
  readonly message?: string;
  readonly details?: readonly JsonObject[];
}

/** A google.rpc.Status in JSON, or why grpcurl itself could not ask. */
function endOf(said: string): End {
  if (!said.startsWith("{")) return { code: "PROBE", message: said };
  const { code, message = "", details = [] } = JSON.parse(said) as Told;
  return { code: status[code] ?? String(code), message, details };
}
