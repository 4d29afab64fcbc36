// Defences of what is stored: what a changed row, or a record that was changed afterwards, must not bring about.
import type { Defence } from "./defence.js";

const ROW = "A changed row in the database";
const HISTORY = "A record that was changed afterwards";
const STORED_APPROVAL = "services/orchestrator/test/proof/signatures.test.ts";
const BELIEVED = "services/orchestrator/test/proof/believed-calls.test.ts";
const BELIEVED_CALLS = "services/orchestrator/src/proof/believed-calls.ts";
const RECORD = "services/orchestrator/src/proof/believed-record.ts";
const BELIEVED_RECORD = "services/orchestrator/test/proof/believed-record.test.ts";
const ENTITLEMENT = "services/orchestrator/src/core/entitlement.ts";
const TAMPERED_ROWS = "e2e/test/servers/tampered-rows.test.ts";
const BELIEVED_REGISTRATIONS = "services/orchestrator/test/workers/believed-registrations.test.ts";
const PERMITTED_REGISTRATIONS = "services/orchestrator/test/workers/permitted-registrations.test.ts";
const AUDIT = "internal/test/audit.test.ts";

export const IN_THE_DATABASE: readonly Defence[] = [
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
