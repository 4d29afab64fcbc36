// Defences of signing in at the desk where the gateway keeps the client's secret, and of whom it takes for whom.
import type { Defence } from "./defence.js";

const CLIENT = "services/gateway/src/desk/confidential-client.ts";
const ANSWERS = "services/gateway/src/desk/sign-in-answers.ts";
const CLAIMS = "services/gateway/src/auth/claims.ts";
const SIGN_IN = "services/gateway/test/servers/desk-sign-in.test.ts";
const CLAIMED = "services/gateway/test/auth/claims.test.ts";

const SECRET = "The desk's secret at the identity provider in other hands";
const IDENTITY = "A forged or stale identity";

export const OF_SIGN_IN: readonly Defence[] = [
  {
    threat: SECRET,
    without: "the desk's page is told the client's secret",
    file: "services/gateway/src/desk/desk-site.ts",
    from: "...{ issuer, ...client },",
    to: "...{ issuer, ...client, secret },",
    shownBy: { file: SIGN_IN, title: "tells its page that, and no secret" },
  },
  {
    threat: SECRET,
    without: "what a provider says hands the client's secret on",
    file: CLIENT,
    from: 'words.replaceAll(this.#secret, "…")',
    to: "words",
    shownBy: { file: SIGN_IN, title: "hands on why the provider says no, in bounds" },
  },
  {
    threat: SECRET,
    without: "the client's secret goes out in the clear where a discovery document says so",
    file: CLIENT,
    from: 'typeof place === "string" && isSafeAddress(place)',
    to: 'typeof place === "string" && (isSafeAddress(place) || URL.canParse(place))',
    shownBy: { file: SIGN_IN, title: "takes no discovery document with" },
  },
  {
    threat: SECRET,
    without: "a code is enough for tokens, without a proof of who began",
    file: ANSWERS,
    from: "if (!VERIFIER.test(codeVerifier)) {",
    to: "if (!VERIFIER.test(codeVerifier.padEnd(43, codeVerifier))) {",
    shownBy: { file: SIGN_IN, title: "asks for none" },
  },
  {
    threat: SECRET,
    without: "whoever asks for tokens says where people are sent back to",
    file: ANSWERS,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: It is a piece of source.
    from: "redirectUri: `${origin}${CALLBACK}`",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: It is a piece of source.
    to: 'redirectUri: form.get("redirect_uri") ?? `${origin}${CALLBACK}`',
    shownBy: { file: SIGN_IN, title: "asks for tokens with its own client, secret and address" },
  },
  {
    threat: IDENTITY,
    without: "whoever writes an address into their profile is in its group",
    file: CLAIMS,
    from: 'if (name !== "email" || verified === true) return;',
    to: 'if (name !== "email" || verified !== "never") return;',
    shownBy: { file: CLAIMED, title: "name a group by an email only where that is verified" },
  },
  {
    threat: IDENTITY,
    without: "a token is taken without the claims that are asked for",
    file: CLAIMS,
    from: "if (claim(payload, name) === text) continue;",
    to: "if (claim(payload, name) !== text.repeat(9)) continue;",
    shownBy: { file: CLAIMED, title: "must be there, each with its text" },
  },
];
