// Connect over fetch to the gateway that served this page.
import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { SessionStore } from "../session/session.js";

/** A call that nobody answers is given up after this; streams have no end of their own. */
const CALL_MS = 20_000;

export interface TransportOptions {
  readonly session: SessionStore;
  /** The server no longer takes the credential that it was shown. Resolves to whether another one is there by now. */
  readonly onRefused: (credential: string, words: string) => Promise<boolean>;
}

export function deskTransport({ session, onRefused }: TransportOptions): Transport {
  const asWhom: Interceptor = (next) => async (request) => {
    const { credential } = session.get();
    if (credential !== "") request.header.set("authorization", `Bearer ${credential}`);
    const told = async (error: unknown): Promise<unknown> => {
      const { code, rawMessage } = ConnectError.from(error);
      if (code !== Code.Unauthenticated || !(await onRefused(credential, rawMessage))) return error;
      return new ConnectError("The credential was renewed meanwhile.", Code.Unavailable);
    };
    try {
      const response = await next(request);
      // A stream says so when the key is revoked in the middle of it.
      return response.stream ? { ...response, message: heard(response.message, told) } : response;
    } catch (error) {
      throw await told(error);
    }
  };
  return createConnectTransport({
    baseUrl: window.location.origin,
    useBinaryFormat: true,
    defaultTimeoutMs: CALL_MS,
    interceptors: [asWhom],
    // Nothing that the browser would add by itself: the server reads no cookie.
    fetch: (input, init) => globalThis.fetch(input, { ...init, credentials: "omit", redirect: "error" }),
  });
}

async function* heard<T>(messages: AsyncIterable<T>, told: (error: unknown) => Promise<unknown>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw await told(error);
  }
}
