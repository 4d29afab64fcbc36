// Defences between the door and the tool: what signatures keep a broker, a database and their thieves from.
import type { Defence } from "./defence.js";

const BROKER = "A tampered broker, or a stolen NATS password";
const ROW = "A changed row in the database";
const STALE_KEY = "A retired or foreign signing key";
const HISTORY = "A record that was changed afterwards";

const STOPS_OTHERS = "A worker that stops everybody's tasks";
const SPEAKS_FOR_ANOTHER = "A worker that speaks for another";

const GRANT_CHECK = "sdk-ts/test/grant-check.test.ts";
const STORED_APPROVAL = "services/orchestrator/test/proof/signatures.test.ts";
const BELIEVED = "services/orchestrator/test/proof/believed-calls.test.ts";
const BELIEVED_CALLS = "services/orchestrator/src/proof/believed-calls.ts";
const RECORD = "services/orchestrator/src/proof/believed-record.ts";
const BELIEVED_RECORD = "services/orchestrator/test/proof/believed-record.test.ts";
const ENTITLEMENT = "services/orchestrator/src/core/entitlement.ts";
const TAMPERED_ROWS = "e2e/test/servers/tampered-rows.test.ts";
const UNREGISTERED = "services/orchestrator/test/workers/unregistered-workers.test.ts";
const BELIEVED_REGISTRATIONS = "services/orchestrator/test/workers/believed-registrations.test.ts";
const PERMITTED_REGISTRATIONS = "services/orchestrator/test/workers/permitted-registrations.test.ts";
const REGISTERED_ROWS = "e2e/test/servers/registered-rows.test.ts";
const PERMITS = "e2e/test/servers/worker-credentials.test.ts";
const ENVELOPE_GUARD = "services/orchestrator/test/proof/envelope-guard.test.ts";
const AUDIT = "internal/test/audit.test.ts";

export const ON_THE_WAY: readonly Defence[] = [
  {
    threat: "A worker that speaks for another",
    without: "a worker registers tools that its permit does not name",
    file: "internal/src/signing/permit.ts",
    from: "const missing = tools.find((tool) => ",
    to: 'const missing = tools.find((tool) => tool.name === "" && ',
    shownBy: { file: PERMITS, title: "a worker that may not serve a tool is told why" },
  },
  {
    threat: "A worker that speaks for another",
    without: "a permit is believed that somebody else signed",
    file: "internal/src/signing/permit.ts",
    from: "if (problem !== undefined) return `its permit is not believed",
    to: "if (problem === keyId) return `its permit is not believed",
    shownBy: { file: PERMITS, title: "a worker that may not serve a tool is told why" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "the NATS login of a worker hears what others are answered",
    file: "internal/src/worker-rights.ts",
    from: "subscribe: [`${workerInboxPrefix",
    to: 'subscribe: [">", `${workerInboxPrefix',
    shownBy: {
      file: "e2e/test/servers/worker-logins.test.ts",
      title: "lets it serve its own tools, and neither speak for another",
    },
  },
  {
    threat: STOPS_OTHERS,
    without: "workers are in one account of NATS with the services",
    file: "internal/src/nats-accounts.ts",
    from: "users: services, exports },\n    [WORKERS_ACCOUNT]: { users: workers,",
    to: "users: [...services, ...workers], exports },\n    [WORKERS_ACCOUNT]: { users: [],",
    shownBy: {
      file: "services/orchestrator/test/servers/nats-accounts.test.ts",
      title: "it reaches nothing that is not its own",
    },
  },
  {
    threat: STOPS_OTHERS,
    without: "nobody notices that the queue of tasks was emptied",
    file: "services/orchestrator/src/nats/queue-watch.ts",
    from: "if (audit !== undefined) this.#removed(audit);",
    to: "if (audit === null) this.#removed(audit);",
    shownBy: {
      file: "services/orchestrator/test/servers/nats-losses.test.ts",
      title: "is filled again, and who did it is told",
    },
  },
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
    threat: SPEAKS_FOR_ANOTHER,
    without: "a request on one worker's subject speaks for another",
    file: "services/orchestrator/src/bus/worker-exchange.ts",
    from: "if (asked.workerId !== workerId) {",
    to: 'if (asked.workerId === "") {',
    shownBy: {
      file: "services/orchestrator/test/memory-bus.test.ts",
      title: "refuses a request that names another worker than its subject does",
      titledIn: "services/orchestrator/test/contracts/bus-workers.ts",
    },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "whoever knows a run's id is granted its calls",
    file: "services/orchestrator/src/served-calls.ts",
    from: "const tool = await this.options.registry.servedBy({ workerId, incarnation }, { namespace, queue, tool: name });",
    to: "const tool = (await this.options.registry.servedBy({ workerId, incarnation }, { namespace, queue, tool: name })) ?? { queue, tool: name };",
    shownBy: { file: UNREGISTERED, title: "is granted nothing of it, and told to register" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a worker is served by the registration of another",
    file: "services/orchestrator/src/worker-registry.ts",
    from: "worker?.name === workerId && worker.namespace",
    to: "worker !== undefined && workerId.length > 0 && worker.namespace",
    shownBy: { file: UNREGISTERED, title: "has no use for the incarnation of one that has" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a registration that was written into the database is one",
    file: "services/orchestrator/src/proof/registrations.ts",
    from: 'if (seal === undefined) return "it is not signed";',
    to: "if (seal === undefined) return undefined;",
    shownBy: {
      file: BELIEVED_REGISTRATIONS,
      title: "is granted nothing: neither a call nor its probe nor its preview",
    },
  },
  {
    threat: ROW,
    without: "a registration counts as it stands in the database",
    file: "services/orchestrator/src/proof/registrations.ts",
    from: "const problem = this.sealProblem(worker) ?? ",
    to: "const problem = (worker.seal === undefined ? this.sealProblem(worker) : undefined) ?? ",
    shownBy: {
      file: BELIEVED_REGISTRATIONS,
      title: "counts for nothing where it is read, until its worker registers again",
    },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a registration outlasts its permit",
    file: "services/orchestrator/src/proof/permits.ts",
    from: "permit.until <= this.options.clock.now()) return false;",
    to: "permit.until <= 0) return false;",
    shownBy: { file: PERMITTED_REGISTRATIONS, title: "a registration ends with its permit" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "narrowed credentials leave what was registered with the wide ones",
    file: "services/orchestrator/src/proof/permits.ts",
    from: "if (newer === undefined || newer.at <= at) return undefined;",
    to: "if (newer === undefined || newer.at <= at || tools.length > 0) return undefined;",
    shownBy: {
      file: REGISTERED_ROWS,
      title: "narrowed credentials narrow what was registered before with the wide ones",
    },
  },
  {
    threat: ROW,
    without: "a permit of a worker that was written into the database is one",
    file: "services/orchestrator/src/proof/newest-permits.ts",
    from: "if (problem === undefined) this.keep(workerId, permit);",
    to: 'if (problem !== "") this.keep(workerId, permit);',
    shownBy: {
      file: PERMITTED_REGISTRATIONS,
      title: "is not made in the database, nor taken back there where it was seen",
    },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "the outcome of a call is believed of whoever tells one",
    file: "services/orchestrator/src/served-calls.ts",
    from: "return claimed ? { heard: true }",
    to: 'return claimed || found.kind === "unserved" ? { heard: true }',
    shownBy: { file: UNREGISTERED, title: "is not believed that it has done it" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a heartbeat takes a call for whoever says that it has begun",
    file: "services/orchestrator/src/tasks-in-hand.ts",
    from: "const served = await registry.servedBy({ workerId, incarnation }, { namespace, queue, tool });",
    to: "const served = (await registry.servedBy({ workerId, incarnation }, { namespace, queue, tool })) ?? { queue, tool };",
    shownBy: { file: UNREGISTERED, title: "does not take it by saying in a heartbeat that it has begun" },
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
    threat: ROW,
    without: "a key that was written into the database is one",
    file: "services/orchestrator/src/requests/keys.ts",
    from: "if (problem !== undefined) throw notBelieved(keyId, problem);",
    to: 'if (problem === "") throw notBelieved(keyId, problem);',
    shownBy: {
      file: "services/orchestrator/test/request-service.test.ts",
      title: "are signed as they were made, and what was changed in the database since is no key",
    },
  },
  {
    threat: ROW,
    without: "a row that cannot be read keeps those of everybody else from being listed",
    file: "services/orchestrator/src/unreadable-rows.ts",
    from: "if (isUnreadable(thrown)) return undefined;",
    to: 'if (isUnreadable(thrown) && thrown.message === "") return undefined;',
    shownBy: { file: "services/orchestrator/test/unreadable-rows.test.ts", title: "are left out, and told in the log" },
  },
  {
    threat: ROW,
    without: "a revoked standing grant lives again by what its row says beside its entry",
    file: "services/orchestrator/src/audit/grant-ledger.ts",
    from: 'const over = saidIn(newest).kind === "grant_revoked" ||',
    to: 'const over = newest.kind === "grant_revoked" ||',
    shownBy: {
      file: "services/orchestrator/test/servers/unreadable-audit.test.ts",
      title: "is not asked for what its rows say beside their entries",
    },
  },
  {
    threat: ROW,
    without: "a decision is believed that nobody signed",
    file: BELIEVED_CALLS,
    from: 'trusted.problem("orchestrators", { text, keyId, signature, at: event.at }) ??',
    to: '(text === "" ? trusted.problem("orchestrators", { text, keyId, signature, at: event.at }) : undefined) ??',
    shownBy: { file: STORED_APPROVAL, title: "a stored approval is not believed" },
  },
  {
    threat: ROW,
    without: "one vote is enough where the row says that it was two",
    file: ENTITLEMENT,
    from: "if (new Set(acts.map(personOf)).size < votesRequired(",
    to: "if (new Set(acts.map(personOf)).size < -votesRequired(",
    shownBy: { file: STORED_APPROVAL, title: "a stored approval is not believed" },
  },
  {
    threat: ROW,
    without: "arguments run that are not those of their digest",
    file: BELIEVED_CALLS,
    from: "return digestOf(text) === digest ? undefined :",
    to: 'return digestOf(text) === digest || digest !== "" ? undefined :',
    shownBy: { file: TAMPERED_ROWS, title: "no worker runs it, and the run says why" },
  },
  {
    threat: ROW,
    without: "a call runs that its definition asks people about, where the row says that nobody is asked",
    file: ENTITLEMENT,
    from: "return asked && ",
    to: "return asked?.byRule === true ? undefined : asked && ",
    shownBy: { file: BELIEVED, title: "a call that no person let run is not believed" },
  },
  {
    threat: ROW,
    without: "a call runs in the name of somebody who did not start it",
    file: "services/orchestrator/src/proof/believed-starts.ts",
    from: "if (problem !== undefined) return `of the start",
    to: "if (problem === text) return `of the start",
    shownBy: { file: BELIEVED, title: "whose run is not the one that was started" },
  },
  {
    threat: ROW,
    without: "a decision counts of somebody whom the policy does not let decide",
    file: ENTITLEMENT,
    from: "if (!mayDecide(tool.approval, act)) return",
    to: "if (!mayDecide(tool.approval, act) && acts.length === 0) return",
    shownBy: { file: BELIEVED, title: "an approval is not believed that its policy would not have taken" },
  },
  {
    threat: ROW,
    without: "a decision counts of whoever started the run",
    file: ENTITLEMENT,
    from: "authenticated: isAuthenticated(act) })",
    to: 'authenticated: isAuthenticated(act) && act.who === "" })',
    shownBy: { file: BELIEVED, title: "an approval is not believed that its policy would not have taken" },
  },
  {
    threat: ROW,
    without: "a definition is read that is not the one of its version",
    file: "services/orchestrator/src/agent-catalog.ts",
    from: "if (versionOf(definition) === version && decodeAgent",
    to: 'if (versionOf(definition) !== "" && decodeAgent',
    shownBy: {
      file: "services/orchestrator/test/engine/pinned-definition.test.ts",
      title: "a definition that was changed in the database and",
    },
  },
  {
    threat: ROW,
    without: "a call runs again where the row says that it did not run yet",
    file: RECORD,
    from: "if (!explained && !settled) return",
    to: "if (!explained && !settled && attempt < 0) return",
    shownBy: { file: BELIEVED_RECORD, title: "began before, where its outcome was taken out too" },
  },
  {
    threat: ROW,
    without: "a call runs again where the row says that its receiver enforces the key",
    file: RECORD,
    from: "fact.runsAgain === true && enforced;",
    to: "fact.runsAgain === true && (enforced || attempt > 0);",
    shownBy: { file: BELIEVED_RECORD, title: "begins no more where" },
  },
  {
    threat: ROW,
    without: "a start that only the audit tells of is none",
    file: RECORD,
    from: "if (untold) return",
    to: "if (untold && starts.length < 0) return",
    shownBy: { file: BELIEVED_RECORD, title: "is known to the audit" },
  },
  {
    threat: ROW,
    without: "a check that nobody made counts as one",
    file: RECORD,
    from: "return call.check === undefined ?",
    to: "return call.check === undefined || call.check.sequence > 0 ?",
    shownBy: { file: BELIEVED_RECORD, title: "is none where the row says that somebody looked" },
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
  {
    threat: HISTORY,
    without: "a changed entry of the audit verifies",
    file: "internal/src/audit/verify-audit.ts",
    from: "if (digestOf(auditEntryText(entry)) !== hash) problems.push(",
    to: 'if (digestOf(auditEntryText(entry)) === "") problems.push(',
    shownBy: { file: AUDIT, title: "finds each changed entry, whatever of it was changed" },
  },
  {
    threat: HISTORY,
    without: "a chain without one of its entries verifies",
    file: "internal/src/audit/verify-audit.ts",
    from: "} else if (link.previous !== before.hash) {",
    to: '} else if (link.previous === "-") {',
    shownBy: { file: AUDIT, title: "finds each missing entry, by the one after it" },
  },
  {
    threat: HISTORY,
    without: "a chain that was computed anew verifies",
    file: "internal/src/audit/verify-audit.ts",
    from: "if (problem !== undefined) problems.push(`it was computed anew",
    to: 'if (problem === "") problems.push(`it was computed anew',
    shownBy: { file: AUDIT, title: "finds a chain that was computed anew from an entry on: nobody else has the key" },
  },
  {
    threat: HISTORY,
    without: "an entry that was made of a changed decision verifies",
    file: "internal/src/audit/verify-audit.ts",
    from: "if (decision !== undefined) problems.push(",
    to: 'if (decision === "") problems.push(',
    shownBy: {
      file: AUDIT,
      title: "finds an entry that an orchestrator made of an event that was changed before it saw it",
    },
  },
];
