// Defences between the door and the tool: what signatures keep a broker and thieves of keys from.
import type { Defence } from "./defence.js";

const BROKER = "A tampered broker, or a stolen NATS password";
const STALE_KEY = "A retired or foreign signing key";
const GRANT_CHECK = "sdk-ts/test/grant-check.test.ts";
const STORED_APPROVAL = "services/orchestrator/test/proof/signatures.test.ts";
const UNREGISTERED = "services/orchestrator/test/workers/unregistered-workers.test.ts";
const ENVELOPE_GUARD = "services/orchestrator/test/proof/envelope-guard.test.ts";

export const ON_THE_WAY: readonly Defence[] = [
  {
    threat: BROKER,
    without: "a worker believes a grant that nobody signed",
    file: "sdk-ts/src/worker/grant-signature.ts",
    from: "if (problem !== undefined) return `the grant is not believed",
    to: "if (problem === text) return `the grant is not believed",
    shownBy: { file: GRANT_CHECK, title: "hands back a grant with" },
  },
  {
    threat: BROKER,
    without: "a worker takes a grant again later",
    file: "sdk-ts/src/worker/grant-signature.ts",
    from: "if (wallMs > to) return",
    to: "if (wallMs > to && to < 0) return",
    shownBy: { file: GRANT_CHECK, title: "hands back a grant that is played again later" },
  },
  {
    threat: BROKER,
    without: "a worker runs other arguments than those that were decided on",
    file: "sdk-ts/src/worker/grant-check.ts",
    from: "if (grant.argumentsDigest !== digestOf(grant.argumentsJson)) return",
    to: 'if (grant.argumentsDigest === "" && digestOf(grant.argumentsJson) !== "") return',
    shownBy: { file: GRANT_CHECK, title: "hands back a grant with" },
  },
  {
    threat: BROKER,
    without: "a worker runs its gated tool on a grant that names no approval",
    file: "sdk-ts/src/worker/grant-check.ts",
    from: 'if (task.tool.approvalRequired && proof.approvalId === "")',
    to: 'if (task.tool.approvalRequired && proof.approvalId === " ")',
    shownBy: { file: GRANT_CHECK, title: "hands back a grant with" },
  },
  {
    threat: BROKER,
    without: "an orchestrator takes what no gateway has signed",
    file: "internal/src/signing/envelope.ts",
    from: "if (problem !== undefined) return problem;",
    to: 'if (problem === "") return problem;',
    shownBy: { file: ENVELOPE_GUARD, title: "refuses an envelope that is" },
  },
  {
    threat: BROKER,
    without: "an orchestrator takes another body than the one that was signed",
    file: "internal/src/signing/envelope.ts",
    from: ".equals(bodySha256)) return",
    to: ".equals(bodySha256) && body.length < 0) return",
    shownBy: { file: ENVELOPE_GUARD, title: "refuses an envelope that is" },
  },
  {
    threat: BROKER,
    without: "an orchestrator takes a request of yesterday",
    file: "internal/src/signing/envelope.ts",
    from: "if (ageMs > ENVELOPE_PAST_MS) {",
    to: "if (ageMs > ENVELOPE_PAST_MS * 1e9) {",
    shownBy: { file: ENVELOPE_GUARD, title: "refuses an envelope that is" },
  },
  {
    threat: BROKER,
    without: "a request makes an orchestrator publish anywhere",
    file: "services/orchestrator/src/bus/responder.ts",
    from: "return reply.startsWith(prefix) && /",
    to: 'return prefix !== "" && /',
    shownBy: {
      file: "services/orchestrator/test/memory-bus.test.ts",
      title: "answers only where a gateway listens, so that nobody can make it publish elsewhere",
      titledIn: "services/orchestrator/test/contracts/bus-requests.ts",
    },
  },
  {
    threat: "A caller of another namespace",
    without: "a worker is granted calls of any namespace that it names",
    file: "services/orchestrator/src/served-calls.ts",
    from: "if (stored === undefined || stored.run.namespace !== namespace)",
    to: "if (stored === undefined || namespace === stored.run.runId)",
    shownBy: { file: UNREGISTERED, title: "is told nothing of a run of another namespace" },
  },
  {
    threat: "A forged or stale identity",
    without: "a gateway believes what anybody on the bus says of a key",
    file: "services/gateway/src/auth/stored-keys.ts",
    from: "if (problem === undefined) return known(answer.key);",
    to: 'if (problem !== "") return known(answer.key);',
    shownBy: { file: "services/gateway/test/auth/stored-keys.test.ts", title: "is not believed where it" },
  },
  {
    threat: STALE_KEY,
    without: "a retired key signs on",
    file: "internal/src/signing/trusted-keys.ts",
    from: "if (retiredAt !== undefined && at >= retiredAt) {",
    to: "if (retiredAt !== undefined && at < 0) {",
    shownBy: {
      file: STORED_APPROVAL,
      title: "by a key that was retired before, by a gateway's key, and by a stranger's",
    },
  },
  {
    threat: STALE_KEY,
    without: "a gateway's key makes decisions",
    file: "internal/src/signing/trusted-keys.ts",
    from: "const found = this.#keys[signer].get(keyId);",
    to: "const found = this.#keys.gateways.get(keyId) ?? this.#keys.orchestrators.get(keyId);",
    shownBy: {
      file: STORED_APPROVAL,
      title: "by a key that was retired before, by a gateway's key, and by a stranger's",
    },
  },
  {
    threat: STALE_KEY,
    without: "orchestrators that do not believe each other share a database",
    file: "services/orchestrator/src/proof/shared-keys.ts",
    from: "return mine.trusted.includes(theirs.signing) && theirs.trusted.includes(mine.signing);",
    to: 'return mine.signing !== "" || theirs.signing !== "";',
    shownBy: { file: "services/orchestrator/test/proof/shared-keys.test.ts", title: "refuses where" },
  },
];
