// What a handler knows of its call. Neither connect nor grpc-js appears here: each maps its own call to a Context.

import { EVERYTHING, GATEWAY_ROLE } from "@agentspan/internal";

export interface Caller {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** How it is known who that is. */
  readonly method: "none" | "api_key" | "jwt" | "slack";
  /** The id of the key, or issuer and id of the token; with "slack" team, user and key; empty with "none". */
  readonly credentialId: string;
  /** The IP address that the request came from. */
  readonly address: string;
}

/** What is told to people of who they are, and decides nothing. */
export interface ShownIdentity {
  /** As the issuer of a token names a person; absent where nobody does. */
  readonly displayName?: string | undefined;
  /** When the credential ends, milliseconds since the epoch; never where absent. */
  readonly expiresAt?: number | undefined;
}

/** A call as its protocol knows it: nobody has asked yet who makes it. */
export interface Call {
  /** Aborted when the client is gone, its deadline has passed, or the call has ended in any other way. */
  readonly signal: AbortSignal;
  /** The IP address that it came from. */
  readonly address: string;
  /** A header of the request (gRPC: metadata), by its lowercase name. */
  header(name: string): string | undefined;
}

/** An admitted call. Its signal is also aborted, with the reason, when a stream's credential is not good any more. */
export interface Context extends Call {
  readonly caller: Caller;
  readonly namespace: string;
  readonly shown?: ShownIdentity | undefined;
}

/** Everybody, while authentication is off: whoever reaches the loopback interface may do everything. */
export const ANONYMOUS: Caller = {
  subject: "anonymous",
  roles: [EVERYTHING],
  groups: [],
  method: "none",
  credentialId: "",
  address: "",
};

/** Whoever asks what anybody may ask, while authentication is on. */
export const NOBODY: Caller = { ...ANONYMOUS, roles: [] };

/** This gateway, for what it asks for itself. */
export const OURSELVES: Caller = { ...ANONYMOUS, subject: "gateway", roles: [GATEWAY_ROLE] };

/** The one namespace, while authentication (which names it) is off. */
export const DEFAULT_NAMESPACE = "default";
