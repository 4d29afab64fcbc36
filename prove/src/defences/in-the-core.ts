// Defences that the core keeps: what a model, a person or a worker may bring about in a run.
import { type Defence, transcript } from "./defence.js";

const CORE = "services/orchestrator/src/core";

const TALKED_INTO_IT = "A model that was talked into it";
const DOUBLE_CLICK = "A double click, a retry, two people at once";
const REQUESTER = "An approver who is the requester, or one who may not decide";
const OTHERS_SUBJECTS = "A worker that speaks for another";

const CHANGED_EFFECT = "An effect that changes after it was approved";

export const IN_THE_CORE: readonly Defence[] = [
  {
    threat: CHANGED_EFFECT,
    without: "a call runs although it would do something else than was shown",
    file: `${CORE}/decide-preview.ts`,
    from: 'return finding.fingerprint === approved ? "same" : "drifted";',
    to: 'return finding.fingerprint === approved || approved !== "" ? "same" : "drifted";',
    shownBy: transcript("what-a-call-would-do-has-changed-and-people-are-asked-again"),
  },
  {
    threat: CHANGED_EFFECT,
    without: "a check holds for as long as nobody claims the call",
    file: `${CORE}/decide-task.ts`,
    from: "call.check.until <= draft.now",
    to: "call.check.until <= 0",
    shownBy: transcript("a-check-that-is-too-long-ago-is-made-again"),
  },
  {
    threat: CHANGED_EFFECT,
    without: "a check that was changed in the database is believed",
    file: "services/orchestrator/src/proof/believed-calls.ts",
    from: "if (shown !== undefined && shown !== call.check?.fingerprint)",
    to: 'if (shown === "" && shown !== call.check?.fingerprint)',
    shownBy: {
      file: "services/orchestrator/test/proof/signatures.test.ts",
      title: "is not believed where the row says something else",
    },
  },
  {
    threat: TALKED_INTO_IT,
    without: "a definition that requires approval asks nobody",
    file: `${CORE}/gate.ts`,
    from: 'if (required) return { reason: "The agent',
    to: 'if (required && rule === "") return { reason: "The agent',
    shownBy: transcript("a-refund-that-a-person-approves-is-paid-once"),
  },
  {
    threat: TALKED_INTO_IT,
    without: "a rule that cannot be applied lets the call run",
    file: `${CORE}/gate.ts`,
    from: "if (problem !== undefined) {\n    return `The agent's rule could not",
    to: "if (problem === rule) {\n    return `The agent's rule could not",
    shownBy: transcript("a-rule-that-says-neither-yes-nor-no-asks-for-people"),
  },
  {
    threat: TALKED_INTO_IT,
    without: "a tool's owner is not asked whether it is gated",
    file: `${CORE}/decide-task.ts`,
    from: "if (command.owner.approval && (call.approval",
    to: 'if (command.owner.approval && command.nonce === "" && (call.approval',
    shownBy: transcript("the-owner-of-a-tool-gates-it-at-the-claim"),
  },
  {
    threat: TALKED_INTO_IT,
    without: "what nobody decided in time may still be approved",
    file: `${CORE}/checkpoint-time.ts`,
    from: "if (checkpoint.closed !== undefined || !isOver(draft, checkpoint)) return undefined;",
    to: "if (checkpoint.closed !== undefined || checkpoint.votesRequired > 0) return undefined;",
    shownBy: transcript("whoever-an-approval-has-gone-to-need-not-wait-until-somebody-looks"),
  },
  {
    threat: DOUBLE_CLICK,
    without: "a decision that comes again decides what is open by then",
    file: `${CORE}/decide-person.ts`,
    from: "if (repeated !== undefined) return repeated;",
    to: 'if (repeated?.type === "rejection") return repeated;',
    shownBy: transcript("a-retried-click-never-decides-the-next-checkpoint"),
  },
  {
    threat: DOUBLE_CLICK,
    without: "a decision that comes again decides in another run of the tree",
    file: "services/orchestrator/src/requests/decide.ts",
    from: "return decideIn(context, await whereDecided(context, runId, decisionId), {",
    to: 'return decideIn(context, approvalId === "" ? await whereDecided(context, runId, decisionId) : runId, {',
    shownBy: {
      file: "services/orchestrator/test/child-runs.test.ts",
      title: "is decided by no word that decided in another run of the tree",
    },
  },
  {
    threat: DOUBLE_CLICK,
    without: "one who votes again and again fills the run",
    file: `${CORE}/decide-person.ts`,
    from: "if (votes.length < VOTES_OF_ONE) return undefined;",
    to: "if (votes.length >= 0) return undefined;",
    shownBy: { file: "services/orchestrator/test/votes-of-one.test.ts", title: "is heard so often and no more" },
  },
  {
    threat: DOUBLE_CLICK,
    without: "what was decided is decided again",
    file: `${CORE}/decide-person.ts`,
    from: "if (closed !== undefined) return refusalOfClosed(run, checkpoint);",
    to: 'if (closed?.how === "expired") return refusalOfClosed(run, checkpoint);',
    shownBy: transcript("a-decision-on-what-was-decided-already-names-the-winner"),
  },
  {
    threat: DOUBLE_CLICK,
    without: "an approval of other arguments than those shown counts",
    file: `${CORE}/decide-person.ts`,
    from: "if (digest !== undefined && digest !== checkpoint.digest) {",
    to: 'if (digest === "" && digest !== checkpoint.digest) {',
    shownBy: transcript("a-decision-on-other-arguments-than-those-shown-is-refused"),
  },
  {
    threat: DOUBLE_CLICK,
    without: "a bare decision takes what nobody can have read",
    file: `${CORE}/decide-person.ts`,
    from: "if (command.digest !== undefined || age >= READING_MS) return undefined;",
    to: "if (command.digest !== undefined || age + READING_MS >= 0) return undefined;",
    shownBy: transcript("a-bare-approve-decides-the-one-open-approval-that-can-have-been-read"),
  },
  {
    threat: REQUESTER,
    without: "whoever started a run approves its calls",
    file: `${CORE}/voters.ts`,
    from: "if (!voter.authenticated || policy?.selfApproval === true) return false;",
    to: 'if (!voter.authenticated || policy?.selfApproval === true || run.startedBy !== "") return false;',
    shownBy: transcript("whoever-started-a-run-does-not-approve-its-calls"),
  },
  {
    threat: REQUESTER,
    without: "anybody decides what is for some to decide",
    file: `${CORE}/voters.ts`,
    from: "if (approvers !== undefined && !isOneOf(approvers, command)) {",
    to: 'if (approvers !== undefined && tool === "" && !isOneOf(approvers, command)) {',
    shownBy: transcript("only-its-approvers-decide-and-a-delegate-speaks-by-name-alone"),
  },
  {
    threat: REQUESTER,
    without: "one person has two votes",
    file: `${CORE}/checkpoint.ts`,
    from: "votes.filter((vote) => personOf(vote) !== personOf(act))",
    to: "votes.filter((vote) => vote.sequence > 0)",
    shownBy: transcript("two-votes-are-two-people"),
  },
  {
    threat: REQUESTER,
    without: "a standing grant lets its maker's own run pay",
    file: `${CORE}/standing-grant.ts`,
    from: "if (decidesOwn(run, tool.approval, use.by)) return false;",
    to: 'if (use.rule === " " && decidesOwn(run, tool.approval, use.by)) return false;',
    shownBy: transcript("nobody-grants-what-they-ask-for-themselves"),
  },
  {
    threat: OTHERS_SUBJECTS,
    without: "whoever knows a nonce has the claim",
    file: `${CORE}/claim-record.ts`,
    from: "return kept.workerId === workerId && kept.incarnation === incarnation;",
    to: 'return kept.workerId !== "" || (kept.workerId === workerId && kept.incarnation === incarnation);',
    shownBy: transcript("a-nonce-that-another-worker-knows-is-of-no-use-to-it"),
  },
];
