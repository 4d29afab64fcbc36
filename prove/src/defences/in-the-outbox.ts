// Defences of what is sent to webhooks: where it may go, what it may say, and that nobody else says it.
import type { Defence } from "./defence.js";

const RULE = "services/orchestrator/src/posts/address-rule.ts";
const POSTS = "services/orchestrator/src/posts/guarded-posts.ts";
const SEALS = "services/orchestrator/src/webhooks/seals.ts";
const COURIER = "services/orchestrator/test/webhooks/courier.test.ts";
const NOTIFIER = "services/orchestrator/test/webhooks/notifier.test.ts";
const GUARDED_POSTS = "services/orchestrator/test/posts/guarded-posts.test.ts";

const INSIDE = "A webhook that reaches where only the server does";
const FORGED = "A forged message to a webhook's receiver";
const TELLTALE = "A webhook that tells too much";

export const IN_THE_OUTBOX: readonly Defence[] = [
  {
    threat: INSIDE,
    without: "a webhook may be sent to private addresses",
    file: RULE,
    from: 'if (address.range() !== "unicast" || METADATA.has(address.toString())) return false;',
    to: "if (METADATA.has(address.toString())) return false;",
    shownBy: {
      file: "services/orchestrator/test/posts/address-rule.test.ts",
      title: "is no address that a host may have",
    },
  },
  {
    threat: INSIDE,
    without: "what a host's name means is not asked of the rule once it is connected to",
    file: POSTS,
    from: "addresses.map(({ address }) => rule.addressProblem(protocol, host, address)).find((one) => one);",
    to: 'host === "" ? rule.addressProblem(protocol, host, first.address) : undefined;',
    shownBy: { file: GUARDED_POSTS, title: "opens no connection to an address that is refused" },
  },
  {
    threat: FORGED,
    without: "a webhook that was written or changed in the database is sent to",
    file: SEALS,
    from: "return problemOf(webhook, textOfWebhook(webhook), webhook.changedAt, signing);",
    to: "return signing === undefined ? problemOf(webhook, textOfWebhook(webhook), webhook.changedAt, signing) : undefined;",
    shownBy: {
      file: NOTIFIER,
      title: "sends nothing to a webhook that somebody wrote into the database or changed there",
    },
  },
  {
    threat: FORGED,
    without: "a message that was written or changed in the database is sent, with a good signature",
    file: SEALS,
    from: "return problemOf(delivery, textOfDelivery(delivery), delivery.at, signing);",
    to: "return signing === undefined ? problemOf(delivery, textOfDelivery(delivery), delivery.at, signing) : undefined;",
    shownBy: { file: COURIER, title: "that somebody wrote into the database or changed there is not sent" },
  },
  {
    threat: TELLTALE,
    without: "messages have the whole arguments though nobody asked for them",
    file: "services/orchestrator/src/webhooks/deliveries-of.ts",
    from: "includeArguments ? { ...data, ...whole } : data",
    to: "includeArguments ? { ...data, ...whole } : { ...data, ...whole }",
    shownBy: { file: NOTIFIER, title: "of no arguments unless they are asked for" },
  },
];
