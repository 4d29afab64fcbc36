// Who is calling, and whether they may: asked for every call of every protocol, before its request is read where the
// protocol lets us.
import { AgentspanError, accessTo, mayCall, methodName, refusalIsKept, rolesFor } from "@agentspan/internal";
import type { DescMethod } from "@bufbuild/protobuf";
import { ANONYMOUS, type Call, type Caller, type Context, DEFAULT_NAMESPACE, NOBODY } from "../context.js";
import { foreign, foreignPage, type Provenance } from "../loopback-rule.js";
import type { FailureLog } from "./failure-log.js";
import { type Identity, Refused, type RefusedFor, type Verifier } from "./identity.js";
import { OpenStreams } from "./open-streams.js";

/** What a call shows of who makes it. */
export interface Shown {
  /** The header or metadata of this name. */
  readonly authorization: string | undefined;
  readonly address: string;
}

/** What is asked of whoever calls. */
export interface Guard {
  /** Why a request is refused for where it goes or comes from; undefined where it is not. */
  refusal(provenance: Provenance): AgentspanError | undefined;
  /** Rejects with UNAUTHENTICATED or PERMISSION_DENIED, or with an UNAVAILABLE error where nobody can tell. */
  admit(method: DescMethod, shown: Shown): Promise<Identity>;
  /** What the handler is told of an admitted call. */
  contextOf(identity: Identity, method: DescMethod, call: Call): Context;
}

/** Authentication is off: whoever reaches the loopback interface may do everything. */
export function openGuard(): Guard {
  const everybody: Identity = { caller: ANONYMOUS, namespace: DEFAULT_NAMESPACE, stillGood: async () => undefined };
  return {
    refusal: foreign,
    admit: () => Promise.resolve(everybody),
    contextOf: ({ caller, namespace }, _method, call) => contextOf(call, caller, namespace, call.signal),
  };
}

export interface StrictGuardOptions {
  readonly verifiers: readonly Verifier[];
  /** Pages that may ask, beside those of this machine. */
  readonly allowedOrigins: readonly string[];
  readonly failures: FailureLog<RefusedFor>;
  readonly streams?: OpenStreams;
}

const NOBODYS: Identity = { caller: NOBODY, namespace: DEFAULT_NAMESPACE, stillGood: async () => undefined };
const BEARER = /^bearer +(\S+)$/i;

/** Authentication is on. */
export function strictGuard(options: StrictGuardOptions): Guard {
  const { verifiers, failures, streams = new OpenStreams() } = options;
  const origins = new Set(options.allowedOrigins);

  const identify = async ({ authorization, address }: Shown): Promise<Identity> => {
    try {
      const credential = credentialOf(authorization);
      const verifier = verifiers.find((one) => one.takes(credential));
      if (verifier === undefined)
        throw new Refused("malformed", "This is no credential that this server takes. Send an API key or a token.");
      return await verifier.verify(credential);
    } catch (error) {
      if (error instanceof Refused) failures.note(error.why, address);
      throw error;
    }
  };

  return {
    refusal: (provenance) => foreignPage(provenance, origins),
    admit: async ({ parent, name }, shown) => {
      const method = methodName(parent.typeName, name);
      if (accessTo(method) === "anybody") return NOBODYS;
      const identity = await identify(shown);
      // Of some once the request is read, so that the audit can say of what: see refused-attempt.ts.
      if (!refusalIsKept(method)) requireRole(method, identity.caller);
      return identity;
    },
    contextOf: (identity, { methodKind }, call) => {
      const lasting = methodKind !== "unary" && identity !== NOBODYS;
      const signal = lasting ? streams.follow(identity, call.signal) : call.signal;
      return { ...contextOf(call, identity.caller, identity.namespace, signal), shown: identity.shown };
    },
  };
}

function credentialOf(authorization: string | undefined): string {
  if (authorization === undefined || authorization === "") {
    throw new Refused(
      "missing",
      'Say who is calling: send "authorization: Bearer" with an API key or a token (AGENTSPAN_API_KEY for the command and the SDK).',
    );
  }
  const [, credential] = BEARER.exec(authorization) ?? [];
  if (credential === undefined)
    throw new Refused("malformed", 'The header authorization must be "Bearer" and one API key or token.');
  return credential;
}

/** Throws PERMISSION_DENIED. */
export function requireRole(method: string, { subject, roles }: Pick<Caller, "subject" | "roles">): void {
  if (mayCall(method, roles)) return;
  const has = roles.length === 0 ? "no role" : roles.join(", ");
  throw new AgentspanError(
    "PERMISSION_DENIED",
    `${method} takes the role ${rolesFor(method)}, and ${subject} has ${has}.`,
  );
}

function contextOf(call: Call, caller: Identity["caller"], namespace: string, signal: AbortSignal): Context {
  const { address, header } = call;
  return { signal, header, address, caller: { ...caller, address }, namespace };
}
