// Whether a port of this machine can be had, and who has it.
import { connect, createServer } from "node:net";
import { codeOf, LocalStackError } from "./local-stack-error.js";

const HOST = "127.0.0.1";

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

/** Whether an Agentspan server answers at a URL, by how it refuses a request without a run id. */
export async function isAgentspan(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/agentspan.v1.RunService/GetStatus`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(2_000),
    });
    return (await response.text()).includes("google.rpc.ErrorInfo");
  } catch {
    return false; // Nobody, or somebody who speaks no HTTP.
  }
}
