// Defences at the gateway, and those that the orchestrator repeats: who is calling, and whether they may.
import type { Defence } from "./defence.js";

const AUTH = "services/gateway/src/auth";
const AUTHENTICATION = "services/gateway/test/servers/authentication.test.ts";
const TOKENS = "services/gateway/test/servers/tokens.test.ts";

const STOLEN_LINK = "A stolen link";
const FORGED_IDENTITY = "A forged or stale identity";
const NEIGHBOUR = "A caller of another namespace";
const FOREIGN_PAGE = "A web page or a machine that should not ask";
const DENIED = "An attempt that nobody hears of";

export const AT_THE_DOOR: readonly Defence[] = [
  {
    threat: STOLEN_LINK,
    without: "who knows a run's id and shows nothing is let in",
    file: `${AUTH}/guard.ts`,
    from: 'if (accessTo(method) === "anybody") return NOBODYS;',
    to: 'if (accessTo(method) === "anybody" || shown.authorization === undefined) return NOBODYS;',
    shownBy: { file: AUTHENTICATION, title: "a caller without a credential reaches nothing, streams neither" },
  },
  {
    threat: FORGED_IDENTITY,
    without: "a token for another audience is taken",
    file: `${AUTH}/tokens.ts`,
    from: "      audience: [...issuer.audience],\n",
    to: "",
    shownBy: { file: TOKENS, title: "is refused" },
  },
  {
    threat: FORGED_IDENTITY,
    without: "a token that has expired is taken",
    file: `${AUTH}/tokens.ts`,
    from: "currentDate: new Date(this.#now()),",
    to: "currentDate: new Date(0),",
    shownBy: { file: TOKENS, title: "is refused" },
  },
  {
    threat: FORGED_IDENTITY,
    without: "a token that anybody signed is taken",
    file: `${AUTH}/tokens.ts`,
    from: "return (await jwtVerify(token, keys.find, options)).payload;",
    to: 'return token === "" ? (await jwtVerify(token, keys.find, options)).payload : decodeJwt(token);',
    shownBy: { file: TOKENS, title: "is refused" },
  },
  {
    threat: FORGED_IDENTITY,
    without: "a revoked key lets in",
    file: `${AUTH}/api-keys.ts`,
    from: 'if (key.revoked === true) throw new Refused("revoked"',
    to: 'if (key.revoked === true && key.owner === "") throw new Refused("revoked"',
    shownBy: {
      file: "services/gateway/test/auth/api-keys.test.ts",
      title: "are refused in the same words whether the id or the secret is wrong, and whatever became of the key",
    },
  },
  {
    threat: FORGED_IDENTITY,
    without: "a key is taken with any secret",
    file: `${AUTH}/api-keys.ts`,
    from: 'if (key === undefined || !right) throw new Refused("unknown key", WRONG);',
    to: 'if (key === undefined || (!right && key.owner === "")) throw new Refused("unknown key", WRONG);',
    shownBy: {
      file: "services/gateway/test/auth/api-keys.test.ts",
      title: "are refused in the same words whether the id or the secret is wrong, and whatever became of the key",
    },
  },
  {
    threat: FORGED_IDENTITY,
    without: "a key that has expired lets in",
    file: `${AUTH}/api-keys.ts`,
    from: "if (key.expiresAt !== undefined && key.expiresAt <= this.#now()) {",
    to: "if (key.expiresAt !== undefined && key.expiresAt <= this.#now() - 1e12) {",
    shownBy: {
      file: "services/gateway/test/auth/api-keys.test.ts",
      title: "are refused from the moment on at which they expire, also by a stream that is open",
    },
  },
  {
    threat: FORGED_IDENTITY,
    without: "anybody speaks for somebody else",
    file: "internal/src/permissions.ts",
    from: 'const said = onBehalfOf !== "";\n',
    to: 'const said = onBehalfOf !== "" && roles.includes("delegate");\n',
    shownBy: { file: AUTHENTICATION, title: "a delegate says for whom it speaks, and nobody else does" },
  },
  {
    threat: FORGED_IDENTITY,
    without: "the gateway asks for no role",
    file: `${AUTH}/guard.ts`,
    from: "if (!refusalIsKept(method)) requireRole(method, identity.caller);",
    to: 'if (!refusalIsKept(method) && method === "") requireRole(method, identity.caller);',
    shownBy: { file: AUTHENTICATION, title: "a role that is missing, or a wrong key, is refused by a typed error" },
  },
  {
    threat: FORGED_IDENTITY,
    without: "the orchestrator asks for no role",
    file: "services/orchestrator/src/requests/permission.ts",
    from: "if (!mayCall(method, roles)) {",
    to: 'if (method === "" && !mayCall(method, roles)) {',
    shownBy: {
      file: "services/orchestrator/test/request-service.test.ts",
      title: "asks for the role of every method itself",
    },
  },
  {
    threat: NEIGHBOUR,
    without: "a run is read from any namespace",
    file: "services/orchestrator/src/requests/context.ts",
    from: 'const stored = await store.load(runId, "majority");\n  if (stored === undefined || stored.run.namespace !== namespace)',
    to: 'const stored = await store.load(runId, "majority");\n  if (stored === undefined || namespace === "")',
    shownBy: { file: "e2e/test/servers/callers.test.ts", title: "of another namespace" },
  },
  {
    threat: FOREIGN_PAGE,
    without: "any web page asks while authentication is off",
    file: "services/gateway/src/loopback-rule.ts",
    from: "if (origin !== undefined && !isLoopbackOrigin(origin)) {",
    to: 'if (origin === "" && !isLoopbackOrigin(origin)) {',
    shownBy: { file: "services/gateway/test/loopback-rule.test.ts", title: "" },
  },
  {
    threat: FOREIGN_PAGE,
    without: "any web page asks while authentication is on",
    file: "services/gateway/src/loopback-rule.ts",
    from: "if (origin === undefined || allowed.has(origin) || isLoopbackOrigin(origin)) return undefined;",
    to: 'if (origin === undefined || allowed.has(origin) || origin !== "") return undefined;',
    shownBy: {
      file: "services/gateway/test/auth/guard.test.ts",
      title: "may be a page of the list or of this machine, and of no other origin",
    },
  },
  {
    threat: FOREIGN_PAGE,
    without: "a server without authentication listens to everybody",
    file: "services/gateway/src/gateway.ts",
    from: "if (authentication || isLoopbackHost(host)) return undefined;",
    to: 'if (authentication || isLoopbackHost(host) || host !== "") return undefined;',
    shownBy: {
      file: "services/gateway/test/config.test.ts",
      title: "refuse to listen beyond this machine while authentication is off, with the remedy",
    },
  },
  {
    threat: FOREIGN_PAGE,
    without: "a client without a certificate is let in where one is asked for",
    file: "services/gateway/src/http/front-door.ts",
    from: "requestCert: true, rejectUnauthorized: true }",
    to: "requestCert: true, rejectUnauthorized: false }",
    shownBy: {
      file: "services/gateway/test/servers/tls.test.ts",
      title: "asks clients for theirs where an authority is set, and takes none but those of it",
    },
  },
  {
    threat: DENIED,
    without: "a refused decision is not in the audit",
    file: "services/orchestrator/src/requests/refused.ts",
    from: "|| !KEPT.has(error.reason)) return;",
    to: "|| KEPT.has(error.reason)) return;",
    shownBy: {
      file: "services/orchestrator/test/audit/refused-requests.test.ts",
      title: "is in the audit with its reason, and the one that was carried out is not among them",
    },
  },
];
