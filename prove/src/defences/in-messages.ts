// Defences of what people are told by mail and in Slack, and of what is heard from there.
import type { Defence } from "./defence.js";

const MAIL = "services/orchestrator/test/channels/mail.test.ts";
const SLACK = "services/orchestrator/test/channels/slack.test.ts";
const GATEWAY = "services/gateway/test/slack/slack.test.ts";
const BLOCKS = "services/orchestrator/src/channels/slack/blocks.ts";

const DECEIVED = "A message that shows something else than it is about";
const FORGED = "A forged press of a button";
const STRANGER = "A user of Slack who may not decide";
const LINKED = "A mail that is read by others";

export const IN_MESSAGES: readonly Defence[] = [
  {
    threat: DECEIVED,
    without: "markup in a text is markup in a mail",
    file: "internal/src/text/escaped-html.ts",
    from: "text.replace(/[&<>\"']/g,",
    to: "text.replace(/[&]/g,",
    shownBy: { file: MAIL, title: "is text, whatever markup somebody wrote" },
  },
  {
    threat: DECEIVED,
    without: "what nobody would see is not shown",
    file: "services/orchestrator/src/channels/shown-text.ts",
    from: '(piece.kind === "plain" ? piece.text :',
    to: '(piece.kind === "hidden" ? "" : piece.kind === "plain" ? piece.text :',
    shownBy: { file: MAIL, title: "hides nothing: what nobody would see stands there as its code" },
  },
  {
    threat: DECEIVED,
    without: "a call can be approved whose arguments are not all in the message",
    file: BLOCKS,
    from: "return isWhole && previews !== true ? [approve, reject] : [reject];",
    to: "return isWhole || previews !== true ? [approve, reject] : [reject];",
    shownBy: {
      file: SLACK,
      title: "is approved by it where all stands above the button, and by nothing that stands elsewhere",
    },
  },
  {
    threat: FORGED,
    without: "the signature of a request is not asked for",
    file: "services/gateway/src/slack/signature.ts",
    from: "return given.length === wanted.length && timingSafeEqual(given, wanted);",
    to: "return given.length === wanted.length && timingSafeEqual(given, given);",
    shownBy: {
      file: GATEWAY,
      title: "is one whose signature is of its time and its very body, by our secret, and not of long ago",
    },
  },
  {
    threat: FORGED,
    without: "a request is taken however old it is",
    file: "services/gateway/src/slack/signature.ts",
    from: "Math.abs(now / 1_000 - Number(timestamp)) > WINDOW_S",
    to: "Math.abs(now / 1_000 - Number(timestamp)) < -WINDOW_S",
    shownBy: {
      file: GATEWAY,
      title: "is one whose signature is of its time and its very body, by our secret, and not of long ago",
    },
  },
  {
    threat: STRANGER,
    without: "a key that is not good any more still decides in Slack",
    file: "services/gateway/src/slack/people.ts",
    from: "const identity = await keys.holder(keyId).catch((thrown: unknown) => {",
    to: "const identity = await keys.holder(this.#byUser.values().next().value ?? keyId).catch((thrown: unknown) => {",
    shownBy: {
      file: GATEWAY,
      title: "is nobody without a key that is good, and where Slack does not say who they are",
    },
  },
  {
    threat: STRANGER,
    without: "an account that was closed is still somebody",
    file: "services/gateway/src/slack/people.ts",
    from: "deleted !== true && is_bot !== true",
    to: "(deleted !== true || is_bot !== true)",
    shownBy: {
      file: GATEWAY,
      title: "is nobody without a key that is good, and where Slack does not say who they are",
    },
  },
  {
    threat: LINKED,
    without: "every address gets a link to decide by",
    file: "services/orchestrator/src/channels/email/email-channel.ts",
    from: "!approvers?.users.includes(to)",
    to: "approvers === undefined",
    shownBy: {
      file: MAIL,
      title: "goes to each address by itself, and to approvers whose name is one, with a link for whom it is",
    },
  },
];
