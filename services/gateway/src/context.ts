// What a handler knows of its call. Neither connect nor grpc-js appears here: each maps its own call to a Context.

export interface Caller {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** How it is known who that is. */
  readonly method: "none" | "api_key" | "jwt";
  /** The id of the key, or issuer and id of the token; empty with "none". */
  readonly credentialId: string;
  /** The IP address that the request came from. */
  readonly address: string;
}

export interface Context {
  /** Aborted when the client is gone, its deadline has passed, or the call has ended in any other way. */
  readonly signal: AbortSignal;
  readonly caller: Caller;
  readonly namespace: string;
  /** A header of the request (gRPC: metadata), by its lowercase name. */
  header(name: string): string | undefined;
}

/** Everybody, while authentication is off: whoever reaches the loopback interface may do everything. */
export const ANONYMOUS: Caller = {
  subject: "anonymous",
  roles: ["*"],
  groups: [],
  method: "none",
  credentialId: "",
  address: "",
};

/** The one namespace, while authentication (which names it) is off. */
export const DEFAULT_NAMESPACE = "default";
