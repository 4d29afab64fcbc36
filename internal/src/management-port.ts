// A port of its own for whoever operates a process: probes of its health, and what else is read with GET. Nothing there
// asks who is calling, so it is off unless a port is set, and for this machine alone unless a host is.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setting } from "./config.js";
import type { Logger } from "./log.js";

export const MANAGEMENT_SPEC = {
  managementHost: setting.string("AGENTSPAN_MANAGEMENT_HOST", {
    about: "the address that probes of this process come to",
    default: "127.0.0.1",
  }),
  managementPort: setting.optional(
    setting.int("AGENTSPAN_MANAGEMENT_PORT", {
      about: "the port for probes of this process; 0 takes any free one",
      min: 0,
      max: 65_535,
      example: "6769",
    }),
  ),
};

export interface ManagementAnswer {
  readonly status: number;
  readonly body: string;
  /** text/plain unless said. */
  readonly contentType?: string;
}

/** What is answered at each path: "/healthz". Asked at each request. */
export type ManagementPages = Readonly<Record<string, () => ManagementAnswer | Promise<ManagementAnswer>>>;

export interface ManagementPortOptions {
  readonly host: string;
  /** None is opened where it is undefined. */
  readonly port: number | undefined;
  readonly pages: ManagementPages;
  readonly log: Logger;
}

export interface ManagementPort {
  readonly port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Why the port cannot be opened, in a sentence with the remedy. */
export class ManagementPortError extends Error {
  override readonly name = "ManagementPortError";
}

/** Rejects with ManagementPortError where the port is taken or not allowed. */
export async function openManagementPort(options: ManagementPortOptions): Promise<ManagementPort | undefined> {
  const { host, port, pages, log } = options;
  if (port === undefined) return undefined;
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    void answer(request, response, pages, log);
  });
  await listening(server, host, port);
  const { port: opened } = server.address() as AddressInfo;
  return {
    port: opened,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** "ok", or 503 with what is the matter. */
export function healthAnswer(problem: string | undefined): ManagementAnswer {
  return problem === undefined ? { status: 200, body: "ok\n" } : { status: 503, body: `${problem}\n` };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  pages: ManagementPages,
  log: Logger,
): Promise<void> {
  const path = request.url?.split("?", 1)[0] ?? "";
  const { status, body, contentType } = await pageAt(path, request.method, pages, log);
  response.writeHead(status, {
    "content-type": contentType ?? "text/plain; charset=utf-8",
    "cache-control": "no-store",
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(body);
}

async function pageAt(
  path: string,
  method: string | undefined,
  pages: ManagementPages,
  log: Logger,
): Promise<ManagementAnswer> {
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) return { status: 404, body: `Here are ${Object.keys(pages).join(", ")}.\n` };
  if (method !== "GET" && method !== "HEAD") return { status: 405, body: "Use GET.\n" };
  try {
    return await page();
  } catch (err) {
    log.error({ err, path }, "A page of the management port failed");
    return { status: 500, body: "This failed; the log says why.\n" };
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const text = `The management port ${host}:${port} cannot be opened: another program has it, or it is not allowed. Stop that program, or set AGENTSPAN_MANAGEMENT_PORT to another port (0 takes any free one).`;
      reject(new ManagementPortError(text, { cause }));
    });
    server.listen(port, host, resolve);
  });
}
