// What the page asks of the gateway where the desk is a confidential client: where people sign in, tokens for what they
// came back with, and that a refresh token is taken back. No more can be chosen by whoever asks than one of the configured
// issuers and what its provider gave them: the client, its secret and every address are the gateway's own.
import type { Logger } from "@agentspan/internal";
import { plainAddress } from "../address.js";
import { FailureLog } from "../auth/failure-log.js";
import type { HttpRequest, HttpResponse } from "../http/exchange.js";
import { PAGE_HEADERS } from "../http/page-headers.js";
import { wholeBody } from "../http/request-body.js";
import type { UnfinishedBodies } from "../http/unfinished-bodies.js";
import { type ConfidentialClient, type Grant, ProviderRefusal } from "./confidential-client.js";

/** The desk's place that providers send people back to. */
const CALLBACK = "/signed-in";
const DISCOVERY_PATH = "/desk/discovery";
const TOKEN_PATH = "/desk/token";
const REVOCATION_PATH = "/desk/revoke";

const BODY = { withinMs: 10_000, mostBytes: 16 * 1_024 };
/** Of one gateway. Nobody has to say who they are here, so that they cannot be counted apart. */
const MOST_AT_ONCE = 64;
/** RFC 7636, 4.1. */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/** Of RFC 6749, 4.1.2.1: it may be otherwise in a moment. */
const BUSY = "temporarily_unavailable";
const AWAY = "The identity provider does not answer, or not in a way that can be read. Try again.";

const FAILED = {
  first: "A sign-in at the desk came to nothing",
  more: "Sign-ins at the desk came to nothing",
};
type Why = "invalid_client" | "invalid_grant" | "refused otherwise" | "provider away" | "busy";

/** What is answered in place of tokens, in the form of RFC 6749, 5.2. */
class SignInFault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** True where the request was for one of these paths, and is answered. */
export type SignInListener = (request: HttpRequest, response: HttpResponse) => boolean;

export interface SignInOptions {
  readonly log: Logger;
  readonly unfinished: UnfinishedBodies;
}

export function signInListener(clients: readonly ConfidentialClient[], options: SignInOptions): SignInListener {
  const { log, unfinished } = options;
  const failures = new FailureLog<Why>(log, FAILED);
  let atOnce = 0;

  const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (atOnce >= MOST_AT_ONCE) throw new SignInFault(503, BUSY, "Too many people sign in at once. Try again.");
    atOnce += 1;
    try {
      return await ask();
    } finally {
      atOnce -= 1;
    }
  };

  const answered = async (request: HttpRequest, path: string): Promise<object> => {
    const method = path === DISCOVERY_PATH ? "GET" : "POST";
    if (request.method !== method) throw new SignInFault(405, "invalid_request", `Ask with ${method}.`);
    if (path === DISCOVERY_PATH) {
      const { searchParams } = new URL(request.url ?? "", "http://desk");
      return discoveryFor(clientOf(clients, searchParams));
    }
    // Browsers send it with each POST. Without one no page asks, and nobody can be sent back.
    const origin = originOf(request);
    const form = await formOf(request, unfinished);
    const client = clientOf(clients, form);
    if (path === TOKEN_PATH) {
      const grant = grantOf(form, origin);
      return asked(() => client.tokens(grant));
    }
    const token = one(form, "token");
    await asked(() => client.revoke(token));
    return {};
  };

  const answer = async (request: HttpRequest, response: HttpResponse, path: string): Promise<void> => {
    try {
      end(response, 200, await answered(request, path));
    } catch (error) {
      const fault = faultOf(error);
      const why = whyOf(fault, error);
      if (why !== undefined) failures.note(why, plainAddress(request.socket.remoteAddress));
      if (why === "provider away") log.debug({ err: error }, "An identity provider could not be asked");
      request.resume();
      end(response, fault.status, { error: fault.code, error_description: fault.message });
    }
  };

  return (request, response) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    if (path !== DISCOVERY_PATH && path !== TOKEN_PATH && path !== REVOCATION_PATH) return false;
    answer(request, response, path).catch((err: unknown) => {
      log.error({ err }, "A sign-in at the desk could not be answered");
      response.destroy();
    });
    return true;
  };
}

/** As its discovery document would be if it were asked from the page, with our own places for what takes the secret. */
async function discoveryFor(client: ConfidentialClient): Promise<object> {
  const server = await client.discovered();
  return {
    issuer: server.issuer,
    authorization_endpoint: server.authorization_endpoint,
    token_endpoint: TOKEN_PATH,
    revocation_endpoint: server.revocation_endpoint === undefined ? undefined : REVOCATION_PATH,
    end_session_endpoint: server.end_session_endpoint,
    id_token_signing_alg_values_supported: server.id_token_signing_alg_values_supported,
    authorization_response_iss_parameter_supported: server.authorization_response_iss_parameter_supported,
  };
}

async function formOf(request: HttpRequest, unfinished: UnfinishedBodies): Promise<URLSearchParams> {
  const body = await wholeBody(request, { ...BODY, unfinished }).catch(() => {
    throw new SignInFault(413, "invalid_request", `The body has more than ${BODY.mostBytes} bytes, or did not come.`);
  });
  return new URLSearchParams(body.toString("utf8"));
}

/** Whether pages of it may ask has been looked at with every request. */
function originOf({ headers: { origin } }: HttpRequest): string {
  if (typeof origin === "string" && URL.canParse(origin)) return new URL(origin).origin;
  throw new SignInFault(403, "invalid_request", "Only the desk's own page may ask.");
}

function clientOf(clients: readonly ConfidentialClient[], form: URLSearchParams): ConfidentialClient {
  const issuer = one(form, "issuer");
  const client = clients.find((each) => each.issuer === issuer);
  if (client === undefined) {
    throw new SignInFault(400, "invalid_request", "This is no issuer for which the server asks.");
  }
  return client;
}

function grantOf(form: URLSearchParams, origin: string): Grant {
  const type = one(form, "grant_type");
  if (type === "refresh_token") return { type, refreshToken: one(form, "refresh_token") };
  if (type !== "authorization_code") {
    throw new SignInFault(400, "unsupported_grant_type", "It must be authorization_code or refresh_token.");
  }
  const [code, codeVerifier] = [one(form, "code"), one(form, "code_verifier")];
  if (!VERIFIER.test(codeVerifier)) {
    throw new SignInFault(400, "invalid_request", "The code_verifier is none of RFC 7636.");
  }
  return { type, code, codeVerifier, redirectUri: `${origin}${CALLBACK}` };
}

function one(form: URLSearchParams, name: string): string {
  const [value = "", ...more] = form.getAll(name);
  if (value !== "" && more.length === 0) return value;
  throw new SignInFault(400, "invalid_request", `There must be one ${name}.`);
}

function faultOf(error: unknown): SignInFault {
  if (error instanceof SignInFault) return error;
  if (error instanceof ProviderRefusal) return new SignInFault(400, error.code, error.description);
  return new SignInFault(502, BUSY, AWAY);
}

/** What an operator should hear of; undefined for what is wrong with a request. */
function whyOf({ status }: SignInFault, error: unknown): Why | undefined {
  if (error instanceof ProviderRefusal) {
    const { code } = error;
    return code === "invalid_client" || code === "invalid_grant" ? code : "refused otherwise";
  }
  if (status === 503) return "busy";
  return status === 502 ? "provider away" : undefined;
}

function end(response: HttpResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...PAGE_HEADERS, "cache-control": "no-store", "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
