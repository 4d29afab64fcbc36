// The movable clock for tests in any language: JSON over HTTP, on this machine alone.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ClockReading, MovableClock } from "./movable-clock.js";

/** What a caller did wrong, in a sentence. */
class BadRequest extends Error {}

const HOST = "127.0.0.1";
const MOST_BODY_BYTES = 4_096;
/** Ten years. */
const MOST_MS = 3_650 * 86_400_000;
const ROUTES = "GET /clock, POST /clock/next, POST /clock/advance and POST /forget";

export class ClockServer {
  readonly #server: Server;
  readonly #clock: MovableClock;

  private constructor(clock: MovableClock) {
    this.#clock = clock;
    this.#server = createServer((request, response) => {
      this.#answer(request).then(
        (body) => send(response, 200, body),
        (thrown: unknown) => {
          const bad = thrown instanceof BadRequest;
          send(response, bad ? 400 : 500, { error: bad ? thrown.message : "The clock failed." });
        },
      );
    });
  }

  /** Listens on a free port of this machine. */
  static async listen(clock: MovableClock): Promise<ClockServer> {
    const server = new ClockServer(clock);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject);
      server.#server.listen(0, HOST, resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage): Promise<object> {
    // A web page has no business here, under whatever name it knows this machine.
    const { host = "", origin } = request.headers;
    if (origin !== undefined || !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) {
      throw new BadRequest("The clock is for programs on this machine.");
    }
    const clock = this.#clock;
    switch (`${request.method} ${request.url}`) {
      case "GET /clock":
        return shown(clock.read());
      case "POST /clock/next": {
        const { commits, notAfter } = await bodyOf(request);
        if (!Number.isSafeInteger(commits)) throw new BadRequest('"commits" is the number that GET /clock gave.');
        const moved = await clock.next(commits as number, notAfter === undefined ? undefined : dateOf(notAfter));
        return { moved, ...shown(clock.read()) };
      }
      case "POST /clock/advance": {
        const { ms } = await bodyOf(request);
        if (typeof ms !== "number" || !(ms >= 0 && ms <= MOST_MS)) {
          throw new BadRequest('"ms" is how far the date moves, in milliseconds: 0 to ten years.');
        }
        await clock.advance(Math.round(ms));
        return shown(clock.read());
      }
      case "POST /forget": {
        const { worker } = await bodyOf(request);
        if (typeof worker !== "string") throw new BadRequest('"worker" is the id of a worker that has stopped.');
        await clock.forget(worker);
        return shown(clock.read());
      }
      default:
        throw new BadRequest(`There is no ${request.method} ${request.url} here: the clock has ${ROUTES}.`);
    }
  }
}

function shown({ now, next, busy, commits }: ClockReading): object {
  return {
    now: new Date(now).toISOString(),
    next: next === undefined ? null : new Date(next).toISOString(),
    busy,
    commits,
  };
}

function dateOf(text: unknown): number {
  const date = typeof text === "string" ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(date)) return date;
  throw new BadRequest('"notAfter" is a date such as 2026-11-30T08:00:00Z.');
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MOST_BODY_BYTES) throw new BadRequest(`A body has at most ${MOST_BODY_BYTES} bytes.`);
    chunks.push(chunk as Buffer);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    // Told below, as anything else that is no object.
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return { ...body };
  throw new BadRequest("The body must be a JSON object.");
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify(body));
}
