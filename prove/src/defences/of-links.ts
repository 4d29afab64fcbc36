// Defences of decision links: who made them, who decides by them, how often, and that nobody does by looking.
import type { Defence } from "./defence.js";

const DESK = "services/gateway/src/links/link-desk.ts";
const ANSWERS = "services/gateway/src/links/link-answers.ts";
const TOKEN = "internal/src/signing/decision-link.ts";
const TOKENS = "internal/test/decision-link.test.ts";
const LINKS = "e2e/test/servers/decision-links.test.ts";
const SIGNED_IN = "e2e/test/servers/decision-links-signed-in.test.ts";

const MADE_UP = "A decision link that was changed or made up";
const OPENED = "A mail scanner, or a page, that opens a decision link";
const OTHER_HANDS = "A decision link in other hands";
const AGAIN = "A decision link that is used again, late, or for something else";

export const OF_LINKS: readonly Defence[] = [
  {
    threat: MADE_UP,
    without: "a decision link is believed whoever signed it",
    file: TOKEN,
    from: "return problem === undefined ? statement : undefined;",
    to: 'return problem === "" ? undefined : statement;',
    shownBy: { file: TOKENS, title: "is none where any bit of it is another" },
  },
  {
    threat: MADE_UP,
    without: "a decision link has several spellings",
    file: TOKEN,
    from: "return isStatement(value) && encoded(value) === said ? value : undefined;",
    to: 'return isStatement(value) && encoded(value) !== "" ? value : undefined;',
    shownBy: { file: TOKENS, title: "has one spelling" },
  },
  {
    threat: OPENED,
    without: "a decision link decides when it is opened",
    file: ANSWERS,
    from: 'if (request.method === "GET" || request.method === "HEAD") return desk.open(token, call);',
    to: 'if (request.method === "GET") return desk.send(token, (field) => (field === "act" ? "approve" : ""), call);',
    shownBy: { file: LINKS, title: "shows what is decided to whoever looks, however often" },
  },
  {
    threat: OPENED,
    without: "another page sends the form of a decision link",
    file: ANSWERS,
    from: 'if (site !== undefined) return site !== "same-origin";',
    to: 'if (site !== undefined) return site === "";',
    shownBy: {
      file: "services/gateway/test/links/link-pages.test.ts",
      title: "is of another page where a browser says so",
    },
  },
  {
    threat: OTHER_HANDS,
    without: "anybody who may decide does so by somebody else's decision link",
    file: DESK,
    from: "if (this.options.authentication && subject !== link.person) {",
    to: 'if (this.options.authentication && subject === "") {',
    shownBy: { file: SIGNED_IN, title: "is for nobody else, whatever they may do by themselves" },
  },
  {
    threat: AGAIN,
    without: "each form of a decision link is a decision of its own",
    file: DESK,
    from: "link: decisionId } = link;",
    to: "link: id } = link;\n    const decisionId = id + String(this.options.now());",
    shownBy: { file: LINKS, title: "decides once, for its person" },
  },
  {
    threat: AGAIN,
    without: "a decision link never ends",
    file: DESK,
    from: "return until <= this.options.now();",
    to: "return until + this.options.now() <= 0;",
    shownBy: { file: LINKS, title: "decides nothing once its time, its approval or its run is over" },
  },
  {
    threat: AGAIN,
    without: "a decision link asks about arguments that it was not made for",
    file: DESK,
    from: "return approval.argumentsDigest !== digest || (",
    to: 'return (approval.argumentsDigest !== digest && digest === "") || (',
    shownBy: { file: LINKS, title: "is one vote of a quorum, and is about no other arguments" },
  },
  {
    threat: AGAIN,
    without: "whoever decides otherwise says that it was by a decision link",
    file: "services/gateway/src/validation/run.ts",
    from: "if (isDecisionLinkId(request.decisionId)) faults.add(",
    to: 'if (isDecisionLinkId(request.decisionId) && request.runId === "") faults.add(',
    shownBy: {
      file: "services/gateway/test/validation/decisions.test.ts",
      title: "may take no id that only decision links have",
    },
  },
];
