// Whether a port of this machine can be had, and who has it.
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { codeOf, LocalStackError } from "./local-stack-error.js";

const HOST = "127.0.0.1";
const DEFAULT_PORT = 6767;
const LAST_PORT = 65_535;
const ANSWER_WITHIN_MS = 2_000;

/** Undefined where a server could listen there; else the system's code for why not: EADDRINUSE, EACCES. */
export async function portProblem(port: number): Promise<string | undefined> {
  // On macOS somebody who listens on all addresses does not keep others from listening on this one.
  if (await answers(port)) return "EADDRINUSE";
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, HOST, resolve);
    });
  } catch (error) {
    return codeOf(error) ?? "EUNKNOWN";
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return undefined;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Throws PORT_TAKEN, which names the port and the option that says another. 0 is any free one. */
export async function requirePort(port: number, option: string): Promise<void> {
  if (port === 0) return;
  const problem = await portProblem(port);
  if (problem === undefined) return;
  const why =
    problem === "EACCES"
      ? "may not be listened on without more rights"
      : (await isAgentspan(`http://${HOST}:${port}`))
        ? "is taken by another Agentspan server"
        : "is taken by another program";
  throw new LocalStackError("PORT_TAKEN", `Port ${port} ${why}. Stop it, or choose another port with ${option}.`);
}

/** What of a stack's options says where it listens. */
export interface PortOptions {
  readonly port?: number;
  readonly grpcPort?: number;
  readonly natsPort?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Of the gateway, with what holds unless said. */
export function portsOf({ port = DEFAULT_PORT, grpcPort = portBeside(port) }: PortOptions): {
  readonly port: number;
  readonly grpcPort: number;
} {
  return { port, grpcPort };
}

function portBeside(port: number): number {
  if (port === 0) return 0;
  return port === LAST_PORT ? port - 1 : port + 1;
}

/** Throws PORT_TWICE where two options name one port, and PORT_TAKEN for any that is asked for and cannot be had. */
export async function requirePorts(options: PortOptions): Promise<void> {
  const { port, grpcPort } = portsOf(options);
  const { natsPort, env = process.env } = options;
  const asked: [number, string][] = [
    [port, "--port"],
    [grpcPort, "--grpc-port"],
  ];
  if (natsPort !== undefined && !env.NATS_URL) asked.push([natsPort, "--nats-port"]);
  for (const [at, [one, option]] of asked.entries()) {
    const same = asked.slice(0, at).find(([other]) => other === one && other !== 0);
    if (same !== undefined) throw portTwice(one, same[1], option, options);
  }
  for (const [one, option] of asked) await requirePort(one, option);
}

function portTwice(port: number, option: string, other: string, { grpcPort }: PortOptions): LocalStackError {
  const unsaid = grpcPort === undefined && [option, other].includes("--grpc-port");
  const why = unsaid ? " (--grpc-port is the port beside --port unless said)" : "";
  const message = `${option} and ${other} both name port ${port}${why}: each takes one of its own. Choose another for one of them.`;
  return new LocalStackError("PORT_TWICE", message);
}

/** Whether an Agentspan server answers at a URL, by how it refuses a request without a run id. */
export function isAgentspan(url: string): Promise<boolean> {
  // Not fetch: it never settled against a peer that hangs up at once.
  return new Promise((resolve) => {
    const call = request(`${url}/agentspan.v1.RunService/GetStatus`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      agent: false,
    });
    const timer = setTimeout(() => call.destroy(new Error("No answer in time")), ANSWER_WITHIN_MS);
    const answered = (yes: boolean): void => {
      clearTimeout(timer);
      resolve(yes);
      call.destroy();
    };
    call.on("error", () => answered(false)); // Nobody, or somebody who speaks no HTTP.
    call.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        if (body.length > 100_000) answered(false);
      });
      response.on("end", () => answered(body.includes("google.rpc.ErrorInfo")));
      response.on("error", () => answered(false));
    });
    call.end("{}");
  });
}
